import { tenantDefinitionSchema } from '@freehold/contracts'
import { createTestPlatform, snapshotTenant, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { applyTenant } from './apply-tenant.ts'
import { createTenant } from './create-tenant.ts'

const ownHosts = ['freehold.example']
let on: TestPlatform
let operator: Caller

beforeAll(async () => {
  on = await createTestPlatform()
  operator = {
    ...on.caller(on.acme),
    actor: { kind: 'operator', id: 'test', name: 'test' },
    tenantId: null,
    permissions: new Set(['platform:tenants:write' as const]),
  }
  await on.client(on.operatorKey).putPlan({
    params: { name: 'pro' },
    body: { weight: 2, maxRunningRuns: 10, maxQueuedRuns: 100, quotas: { agents: 2 } },
  })
})
afterAll(() => on.close())

const define = (change: object = {}) =>
  tenantDefinitionSchema.parse({
    name: 'initech',
    plan: 'pro',
    owners: ['Owner@example.com'],
    teams: ['support', 'sales'],
    allowedHosts: ['api.example.com'],
    timeZone: 'Europe/Berlin',
    environments: { production: { approvals: { required: 2, role: 'admin' } } },
    budgets: [{ name: 'monthly', period: 'month', limitNanos: 5_000_000_000 }],
    agents: [{ name: 'helper', tools: ['calculate', 'calculate'], prompts: { system: 'Help.' } }],
    ...change,
  })
const apply = (change?: object, dryRun = false) => applyTenant(operator, define(change), { dryRun, ownHosts })
const titles = ({ changes }: { changes: { action: string; kind: string; name: string }[] }) =>
  changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)
const everything = [
  'create tenant initech',
  'update plan plan',
  'update setting allowedHosts',
  'update setting timeZone',
  'update setting productionApprovals',
  'invite owner owner@example.com',
  'create team support',
  'create team sales',
  'create agent helper',
  'create budget monthly',
]

test('a tenant is set up as it is defined, and defined again it changes nothing', async () => {
  const planned = await apply({}, true)
  expect(titles(planned)).toEqual(everything)
  expect(planned).toMatchObject({ id: null, apiKey: null, invitations: [] })
  expect(await on.asSuperuser(`select 1 from tenants where name = 'initech'`)).toEqual([])

  const applied = await apply()
  expect(titles(applied)).toEqual(everything)
  expect(applied.invitations).toEqual([{ email: 'owner@example.com', token: expect.any(String) }])
  const client = on.client(applied.apiKey ?? '')
  expect(await client.getOwnTenant()).toMatchObject({
    name: 'initech',
    plan: { name: 'pro' },
    allowedHosts: ['api.example.com'],
    timeZone: 'Europe/Berlin',
    productionApprovals: { required: 2, role: 'admin' },
  })
  expect(await client.getAgent({ params: { name: 'helper' } })).toMatchObject({ version: 1, tools: ['calculate'] })

  const before = await snapshotTenant(on, applied.id ?? '')
  for (const dryRun of [true, false]) {
    expect(await apply({}, dryRun)).toMatchObject({ id: applied.id, changes: [], apiKey: null, invitations: [] })
  }
  expect(await snapshotTenant(on, applied.id ?? '')).toEqual(before)
})

test('what differs is changed, and what is left out stays', async () => {
  const changed = {
    owners: undefined,
    teams: ['research'],
    timeZone: undefined,
    budgets: [{ name: 'monthly', period: 'month', tokenLimit: 1_000 }],
    agents: [{ name: 'helper', prompts: { system: 'Help more.' } }],
  }
  const { id, changes } = await apply(changed)
  expect(titles({ changes })).toEqual(['create team research', 'update agent helper', 'update budget monthly'])
  expect(changes.at(-1)).toMatchObject({
    before: { limitNanos: 5_000_000_000, tokenLimit: null },
    after: { limitNanos: null, tokenLimit: 1_000 },
  })
  const rows = await snapshotTenant(on, id ?? '')
  expect(rows.teams).toHaveLength(3)
  expect(rows.agent_templates).toHaveLength(2)
  expect(rows.invitations).toHaveLength(1)
  expect(JSON.stringify(rows.tenants)).toContain('Europe/Berlin')
})

test('somebody who became an owner is not invited again', async () => {
  const { invitations, apiKey } = await applyTenant(operator, define({ name: 'hooli' }), { dryRun: false, ownHosts })
  const person = on.client(on.tokenFor({ subject: 'owner-of-hooli', email: 'owner@example.com' }))
  await person.acceptInvitation({ body: { token: invitations[0]?.token ?? '' } })
  expect(await applyTenant(operator, define({ name: 'hooli' }), { dryRun: false, ownHosts })).toMatchObject({
    changes: [],
  })
  expect((await on.client(apiKey ?? '').listMembers({ query: {} })).items).toMatchObject([{ roles: ['owner'] }])
})

test.each([
  ['a plan that is not there', { plan: 'none' }, 'invalid_request', 'there is no plan "none"'],
  ['an unknown tool', { agents: [{ name: 'a', tools: ['none'] }] }, 'invalid_request', 'body.agents.0: tools: unknown'],
  [
    'more agents than the plan has',
    { agents: ['a', 'b', 'c'].map((name) => ({ name })) },
    'quota_exceeded',
    'agents.2',
  ],
])('nothing is left of a tenant with %s, also not in a dry run', async (_, change, code, message) => {
  for (const dryRun of [true, false]) {
    const refused = apply({ name: 'piper', ...change }, dryRun)
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  }
  await expect(createTenant(operator, define({ name: 'piper', ...change }))).rejects.toMatchObject({ code })
  expect(await on.asSuperuser(`select 1 from tenants where name = 'piper'`)).toEqual([])
})

test('a budget keeps its period', async () => {
  const budgets = [{ name: 'monthly', period: 'day', limitNanos: 1 }]
  await expect(apply({ budgets })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('body.budgets.0'),
  })
})

test('a tenant is created with what is defined of it, by the operator only', async () => {
  const created = await createTenant(operator, define({ name: 'umbrella' }))
  expect(created).toMatchObject({ plan: { name: 'pro' }, timeZone: 'Europe/Berlin', invitations: [{}] })
  expect((await on.client(created.apiKey).listTeams({ query: {} })).items).toHaveLength(2)
  await expect(applyTenant(on.caller(on.acme), define(), { dryRun: true, ownHosts })).rejects.toMatchObject({
    code: 'permission_denied',
  })
})

test('what comes twice is a problem of the definition', () => {
  const parsed = tenantDefinitionSchema.safeParse({
    name: 'x',
    teams: ['a', 'a'],
    agents: [{ name: 'b' }, { name: 'b' }],
  })
  expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual(['teams.1', 'agents.1'])
})
