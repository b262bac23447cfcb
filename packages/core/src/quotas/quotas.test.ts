import { createAgentSchema, createScheduleSchema, type NewPlan } from '@freehold/contracts'
import { createTestPlatform, type PostgresServer, startPostgres, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAgent, createAgentVersion } from '../agents/agents.ts'
import { identifyPerson } from '../people/identify-person.ts'
import { acceptInvitation, createInvitation, revokeInvitation } from '../people/invitations.ts'
import { recognizePerson, type VouchedPerson } from '../people/recognize-person.ts'
import { startRun } from '../runs/start-run.ts'
import { createSchedule, triggerSchedule } from '../schedules/schedules.ts'
import { putPlan } from '../tenancy/plans.ts'
import { setTenantPlan } from '../tenancy/tenants.ts'
import { createWebhook, testWebhook } from '../webhooks/webhooks.ts'
import { getLimits } from './get-limits.ts'
import { measureDueStorage } from './measure-storage.ts'

let postgres: PostgresServer
let platform: TestPlatform

beforeAll(async () => {
  postgres = await startPostgres()
  platform = await createTestPlatform({ databaseUrl: await postgres.createDatabase({ migrate: true }) })
})
afterAll(async () => {
  await platform.close()
  await postgres.stop()
})

const operator = () => ({
  ...platform.caller(platform.acme),
  tenantId: null,
  permissions: new Set(['platform:tenants:read', 'platform:tenants:write'] as const),
})
let plans = 0

type PlanQuotas = NonNullable<NewPlan['quotas']>

/** A tenant on a plan of its own. It has one agent. */
async function newTenant(quotas: PlanQuotas) {
  plans += 1
  const tenant = await platform.createTenant(`tenant ${plans}`)
  const plan = `plan-${plans}`
  const allow = (changed: PlanQuotas) =>
    putPlan(operator(), { name: plan, weight: 1, maxRunningRuns: 10, maxQueuedRuns: 1_000, quotas: changed })
  const moveTo = (name: string) => setTenantPlan(operator(), tenant.id, { plan: name })
  await allow(quotas)
  await moveTo(plan)
  return { tenant, plan, caller: platform.caller(tenant), allow, moveTo }
}

const agent = (name: string) => createAgentSchema.parse({ name })
const input = { agent: 'assistant', message: 'hello', environment: 'production', metadata: {} } as const
const exceeded = (text: string) => ({
  code: 'quota_exceeded',
  retryable: false,
  message: expect.stringContaining(text),
})
const settled = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.allSettled(Array.from({ length: count }, (_, index) => work(index)))
const fulfilled = (results: PromiseSettledResult<unknown>[]) => results.filter(({ status }) => status === 'fulfilled')
const reasons = (results: PromiseSettledResult<unknown>[]) =>
  new Set(results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : [])))

describe('agents', () => {
  test('are created up to the quota, exactly, however many at once', async () => {
    const { caller } = await newTenant({ agents: 6 })
    const results = await settled(20, (index) => createAgent(caller, agent(`agent-${index}`)))
    expect(fulfilled(results)).toHaveLength(5)
    expect(reasons(results)).toEqual(new Set(['quota_exceeded']))
    expect((await getLimits(caller)).quotas.agents).toEqual({ used: 6, allowed: 6 })
  })

  test('beyond it are refused with what is allowed, what is used and who can raise it', async () => {
    const { tenant, plan, caller } = await newTenant({ agents: 1 })
    const { status, body } = await platform.request(tenant.key, 'POST', '/api/v1/agents', { name: 'another' })
    expect({ status, body }).toMatchObject({ status: 403, body: { code: 'quota_exceeded', retryable: false } })
    for (const word of [`"${plan}"`, '1 agents', '1 are used', 'operator'])
      expect(body).toHaveProperty('detail', expect.stringContaining(word))
    await createAgentVersion(caller, 'assistant', agent('assistant'))
  })

  test('are not limited without a quota, nor by that of another tenant', async () => {
    await newTenant({ agents: 1 })
    const { caller } = await newTenant({})
    for (const name of ['one', 'two', 'three']) await createAgent(caller, agent(name))
    expect((await getLimits(caller)).quotas.agents).toEqual({ used: 4, allowed: null })
  })

  test("count without the platform's own", async () => {
    const { caller } = await newTenant({ agents: 2 })
    const hook = { url: 'https://hooks.invalid/', description: '', events: ['run.failed' as const] }
    const { id } = await createWebhook(caller, hook)
    await testWebhook(caller, id)
    await createAgent(caller, agent('second'))
    await expect(createAgent(caller, agent('third'))).rejects.toMatchObject(exceeded('2 agents'))
  })
})

describe('runs of a month', () => {
  test('start up to the quota, exactly, however many at once', async () => {
    const { caller } = await newTenant({ runsPerMonth: 25 })
    const results = await settled(60, () => startRun(caller, input))
    expect(fulfilled(results)).toHaveLength(25)
    expect(reasons(results)).toEqual(new Set(['quota_exceeded']))
    const { runsPerMonth } = (await getLimits(caller)).quotas
    expect(runsPerMonth).toMatchObject({ used: 25, allowed: 25 })
    expect(Date.parse(runsPerMonth.resetsAt)).toBeGreaterThan(Date.now())
  })

  test('still find the run that a client started before by the same key, which does not count again', async () => {
    const { caller } = await newTenant({ runsPerMonth: 2 })
    const first = await startRun(caller, { ...input, clientKey: 'mine' })
    for (let again = 0; again < 3; again += 1) await startRun(caller, { ...input, clientKey: 'mine' })
    await startRun(caller, input)
    await expect(startRun(caller, input)).rejects.toMatchObject(exceeded('2 runs a month'))
    expect(await startRun(caller, { ...input, clientKey: 'mine' })).toEqual({ runId: first.runId, created: false })
  })

  test('are refused to schedules, too, and deliveries of webhooks go on', async () => {
    const { caller } = await newTenant({ runsPerMonth: 1 })
    const schedule = { name: 's', agent: 'assistant', message: 'hello', cron: '0 0 1 1 *' }
    const { id } = await createSchedule(caller, createScheduleSchema.parse(schedule))
    await triggerSchedule(caller, id)
    await expect(triggerSchedule(caller, id)).rejects.toMatchObject(exceeded('1 runs a month'))
    const hook = { url: 'https://hooks.invalid/', description: '', events: ['run.failed' as const] }
    await testWebhook(caller, (await createWebhook(caller, hook)).id)
  })

  test('count those from before the quota, and those of another plan in between', async () => {
    const { caller, plan, allow, moveTo } = await newTenant({})
    for (let count = 0; count < 3; count += 1) await startRun(caller, input)
    expect((await getLimits(caller)).quotas.runsPerMonth).toMatchObject({ used: 3, allowed: null })
    await allow({ runsPerMonth: 4 })
    await startRun(caller, input)
    await expect(startRun(caller, input)).rejects.toMatchObject(exceeded('4 are used'))
    await moveTo('standard')
    await startRun(caller, input)
    await startRun(caller, input)
    await moveTo(plan)
    await expect(startRun(caller, input)).rejects.toMatchObject(exceeded('6 are used'))
    await allow({ runsPerMonth: 7 })
    await startRun(caller, input)
    await expect(startRun(caller, input)).rejects.toMatchObject(exceeded('7 are used'))
  })

  test('begin anew with the month', async () => {
    const { caller, tenant } = await newTenant({ runsPerMonth: 1 })
    const { runId } = await startRun(caller, input)
    await expect(startRun(caller, input)).rejects.toMatchObject({ code: 'quota_exceeded' })
    await platform.asSuperuser(
      `update run_counts set month_start = month_start - interval '1 month' where tenant_id = $1`,
      [tenant.id],
    )
    await platform.asSuperuser(`update agent_runs set created_at = created_at - interval '1 month' where id = $1`, [
      runId,
    ])
    await startRun(caller, input)
    await expect(startRun(caller, input)).rejects.toMatchObject({ code: 'quota_exceeded' })
  })

  test('that were refused leave nothing behind', async () => {
    const { caller, tenant } = await newTenant({ runsPerMonth: 0 })
    await expect(startRun(caller, input)).rejects.toMatchObject(exceeded('0 runs a month'))
    for (const table of ['agent_runs', 'run_heads', 'run_events', 'threads', 'messages', 'run_counts']) {
      expect(await platform.asSuperuser(`select from ${table} where tenant_id = $1`, [tenant.id])).toEqual([])
    }
  })
})

describe('members', () => {
  const invitation = (index: number) => ({
    email: `m${index}@example.com`,
    roles: ['viewer' as const],
    teams: [],
    expiresInDays: 7,
  })

  test('are invited up to the quota, exactly, however many at once, and all who were invited can come', async () => {
    const { caller: anyone } = await newTenant({ members: 4 })
    const caller = { ...anyone, roles: ['owner' as const] }
    const results = await settled(12, (index) => createInvitation(caller, invitation(index)))
    expect(fulfilled(results)).toHaveLength(4)
    expect(reasons(results)).toEqual(new Set(['quota_exceeded']))
    const [accepted, revoked] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    if (!accepted || !revoked) throw new Error('nobody was invited')
    const { id } = await signIn(accepted.email)
    const actor = { kind: 'person' as const, id, name: 'm' }
    await acceptInvitation({ ...caller, actor, tenantId: null }, { token: accepted.token })
    expect((await getLimits(caller)).quotas.members).toEqual({ used: 4, allowed: 4 })
    await expect(createInvitation(caller, invitation(20))).rejects.toMatchObject(exceeded('4 members'))
    await revokeInvitation(caller, revoked.id)
    await createInvitation(caller, invitation(20))
  })

  test('whom an issuer names are let in up to the quota, and the others sign in without', async () => {
    const { caller, tenant } = await newTenant({ members: 1 })
    const named = [{ tenant: tenant.name, roles: ['viewer' as const] }]
    const first = await identify('first@example.com', named)
    expect(first).toMatchObject({ tenantId: tenant.id, roles: ['viewer'] })
    expect(await identify('second@example.com', named)).toMatchObject({ tenantId: null })
    expect(await identify('first@example.com', [{ tenant: tenant.name, roles: ['builder'] }])).toMatchObject({
      tenantId: tenant.id,
      roles: ['builder'],
    })
    expect((await getLimits(caller)).quotas.members.used).toBe(1)
  })

  test('have the rates of the plan of the tenant that they chose', async () => {
    const { plan, tenant } = await newTenant({})
    const rateLimits = { user: { requestsPerSecond: 3, burst: 9 } }
    await putPlan(operator(), { name: plan, weight: 1, maxRunningRuns: 1, maxQueuedRuns: 1, rateLimits })
    const named = [{ tenant: tenant.name, roles: ['viewer' as const] }]
    expect((await identify('third@example.com', named)).limits).toEqual({ key: null, tenant: null, ...rateLimits })
  })

  const vouched = (email: string) => ({ issuer: 'test', subject: email, email, emailVerified: true, name: null })
  const signIn = (email: string) => recognizePerson(platform.database, vouched(email))
  const identify = (email: string, memberships: NonNullable<VouchedPerson['memberships']>) =>
    identifyPerson(platform.platform, { ...vouched(email), memberships }, undefined)
})

describe('storage', () => {
  test('is measured, and no run starts when it is used up', async () => {
    const { caller, tenant, allow } = await newTenant({ storageBytes: 20_000 })
    // Random, so that it does not compress.
    const message = Array.from({ length: 1_500 }, () => Math.random().toString(36).slice(2)).join('')
    await startRun(caller, { ...input, message })
    await measureDueStorage(platform.database)
    const { storageBytes } = (await getLimits(caller)).quotas
    // In the run, in its journal and in the thread.
    expect(storageBytes.used).toBeGreaterThan(2 * message.length)
    expect(storageBytes.used).toBeLessThan(4 * message.length)
    expect(storageBytes).toMatchObject({ allowed: 20_000, measuredAt: expect.any(String) })
    await expect(startRun(caller, input)).rejects.toMatchObject(exceeded('bytes of storage'))
    await allow({ storageBytes: 1_000_000 })
    await startRun(caller, input)
    // It was measured a moment ago.
    await measureDueStorage(platform.database)
    expect((await getLimits(caller)).quotas.storageBytes).toEqual({ ...storageBytes, allowed: 1_000_000 })
    await platform.asSuperuser('update storage_measures set next_at = now() where tenant_id = $1', [tenant.id])
    await measureDueStorage(platform.database)
    expect((await getLimits(caller)).quotas.storageBytes.used).toBeGreaterThan(storageBytes.used ?? 0)
  })

  test('of a tenant without a quota is measured when somebody asks', async () => {
    const { caller, tenant } = await newTenant({})
    await startRun(caller, input)
    await measureDueStorage(platform.database)
    const rows = () => platform.asSuperuser('select from storage_measures where tenant_id = $1', [tenant.id])
    expect(await rows()).toHaveLength(0)
    expect((await getLimits(caller)).quotas.storageBytes.used).toBeGreaterThan(0)
    expect(await rows()).toHaveLength(1)
  })
})

describe('a plan', () => {
  test('shows its limits to the operator and to the tenant', async () => {
    const rateLimits = {
      key: { requestsPerSecond: 0.5, burst: 3 },
      user: null,
      tenant: { requestsPerSecond: 100, burst: null },
    }
    const quotas = { agents: 3, runsPerMonth: 1_000_000, members: null, storageBytes: 5_000_000_000 }
    const { caller, tenant, plan } = await newTenant({})
    const isolation = 'dedicated' as const
    const put = { name: plan, isolation, weight: 1, maxRunningRuns: 1, maxQueuedRuns: 1, rateLimits, quotas }
    await putPlan(operator(), put)
    expect((await platform.client(tenant.key).getOwnTenant()).plan).toEqual(put)
    expect(await getLimits(caller)).toMatchObject({ plan, rateLimits, quotas: { agents: { allowed: 3 } } })
    // What is left out is unlimited, and shared, again.
    await putPlan(operator(), { name: plan, weight: 1, maxRunningRuns: 1, maxQueuedRuns: 1 })
    expect((await getLimits(caller)).rateLimits).toEqual({ key: null, user: null, tenant: null })
    expect((await platform.client(tenant.key).getOwnTenant()).plan.isolation).toBe('shared')
  })

  test('of the release before keeps its limits', async () => {
    const { plan, caller } = await newTenant({ agents: 7 })
    await platform.database.call('old-put-plan', 'select door_put_plan($1, 2, 3, 4)', [plan])
    expect((await getLimits(caller)).quotas.agents.allowed).toBe(7)
  })

  test('is read by its tenant with the right to', async () => {
    const caller = platform.caller(platform.acme)
    const permissions = new Set([...caller.permissions].filter((held) => held !== 'tenant:read'))
    await expect(getLimits({ ...caller, permissions })).rejects.toMatchObject({ code: 'permission_denied' })
  })
})
