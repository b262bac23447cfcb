import type { TenantHealth } from '@freehold/contracts'
import { createTestPlatform, makeBusy, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { startRun } from '../runs/start-run.ts'
import { listTenantHealth } from './list-tenant-health.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
  await makeBusy(on, on.acme, { runs: 300, callsPerRun: 1 })
})
afterAll(() => on.close())

const support = (): Caller => ({
  ...on.caller(on.acme),
  tenantId: null,
  actor: { kind: 'operator', id: 'test', name: 'test' },
  permissions: new Set(['platform:tenants:read']),
})
const healthOf = async (id: string): Promise<TenantHealth | undefined> =>
  (await listTenantHealth(support(), { limit: 50 })).items.find((tenant) => tenant.id === id)

test('each tenant is listed with its plan, and how its agents did in 30 days', async () => {
  const asked = { agent: 'assistant', message: 'the secret', environment: 'production', metadata: {} } as const
  await startRun(on.caller(on.acme), asked)
  const [seen] = await on.asSuperuser<{ runs: number; failed: number; ended: number; cost: number; last: string }>(
    `select count(*)::int as runs, count(*) filter (where status = 'failed')::int as failed, sum(cost_nanos)::bigint as cost,
            count(*) filter (where status in ('succeeded', 'failed'))::int as ended, max(created_at) as last
       from agent_runs where tenant_id = $1 and created_at >= now() - interval '30 days'`,
    [on.acme.id],
  )
  const { runs = 0, failed = 0, ended = 0, cost = 0, last = '' } = seen ?? {}
  expect(runs).toBeGreaterThan(100)
  expect(await healthOf(on.acme.id)).toEqual({
    ...{
      id: on.acme.id,
      name: 'acme',
      status: 'active',
      plan: 'standard',
      isolation: 'shared',
      createdAt: expect.any(String),
    },
    lastMonth: { runs, failureRate: failed / ended, costNanos: cost },
    now: { queued: 1, running: 0, waiting: 0 },
    lastRunAt: new Date(last).toISOString(),
  })
})

test('a tenant without a run has no failure rate', async () => {
  expect(await healthOf(on.globex.id)).toMatchObject({
    lastMonth: { runs: 0, failureRate: null, costNanos: 0 },
    lastRunAt: null,
  })
})

test('pages follow each other, and tell nothing of what was asked', async () => {
  const first = await listTenantHealth(support(), { limit: 1 })
  const second = await listTenantHealth(support(), { limit: 1, cursor: first.nextCursor ?? undefined })
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['acme', 'globex'])
  expect(second.nextCursor).toBeNull()
  expect(JSON.stringify(first)).not.toContain('secret')
})

test('tenants may not look', async () => {
  await expect(listTenantHealth(on.caller(on.acme), { limit: 50 })).rejects.toMatchObject({ code: 'permission_denied' })
})
