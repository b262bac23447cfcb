import { tenantDefinitionSchema } from '@freehold/contracts'
import { createTestPlatform, sampleLogo, snapshotTenant, startPostgres, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getBranding } from '../branding/branding.ts'
import type { Caller } from '../identity/caller.ts'
import { applyTenant } from './apply-tenant.ts'
import { createTenant, founderOf } from './create-tenant.ts'

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
  expect(applied.invitations).toEqual([
    { email: 'owner@example.com', token: expect.any(String), expiresAt: expect.any(String) },
  ])
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

test('what is wrong with a field is told by its place in the definition', async () => {
  const refused = apply({ name: 'piper', agents: [{ name: 'a', tools: ['none'] }] })
  await expect(refused).rejects.toMatchObject({ fields: [{ field: 'body.agents.0.tools' }] })
})

test('a budget keeps its period', async () => {
  const budgets = [{ name: 'monthly', period: 'day', limitNanos: 1 }]
  await expect(apply({ budgets })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('body.budgets.0'),
  })
})

describe('the look of a tenant', () => {
  const branding = {
    name: 'Hooli Agents',
    colors: { primary: '#0B5FFF' },
    supportAddress: 'help@hooli.example',
    sender: { name: 'Hooli' },
    logo: { data: sampleLogo },
    host: 'agents.hooli.example',
  }
  const applyLook = (look: object, dryRun = false) => apply({ name: 'branded', branding: look }, dryRun)
  const changed = ['update branding look', 'update branding logo', 'update branding host']
  const lookOf = async () => {
    const { id } = await applyLook({})
    return getBranding(founderOf(operator, id ?? ''))
  }

  test('is applied with the rest, and then there is nothing to change', async () => {
    const planned = await applyLook(branding, true)
    expect(titles(planned)).toEqual(expect.arrayContaining(changed))
    expect(planned).toMatchObject({ id: null, host: null })
    const applied = await applyLook(branding)
    expect(applied.host).toMatchObject({ host: 'agents.hooli.example', status: 'pending', record: { type: 'TXT' } })
    const before = await snapshotTenant(on, applied.id ?? '')
    expect(await applyLook(branding)).toMatchObject({ changes: [], host: applied.host })
    expect(await snapshotTenant(on, applied.id ?? '')).toEqual(before)
    expect(await lookOf()).toMatchObject({ name: 'Hooli Agents', colors: { primary: '#0b5fff' }, host: applied.host })
  })

  test('stays where nothing is said of it, and null is as the installation has it', async () => {
    const { changes } = await applyLook({ colors: { text: '#111111' }, sender: { name: null }, logo: null })
    expect(titles({ changes })).toEqual(changed.slice(0, 2))
    expect(changes[0]).toMatchObject({ before: { sender: { name: 'Hooli' } }, after: { sender: { name: null } } })
    expect(await lookOf()).toMatchObject({
      name: 'Hooli Agents',
      logo: null,
      colors: { primary: '#0b5fff', text: '#111111' },
      supportAddress: 'help@hooli.example',
      sender: { name: null },
      host: { host: 'agents.hooli.example' },
    })
    expect(titles(await applyLook({ host: null }))).toEqual(changed.slice(2))
    expect(await lookOf()).toMatchObject({ host: null })
  })

  test('has a new claim of its host once the one before it has expired', async () => {
    const { host } = await applyLook({ host: 'agents.hooli.example' })
    await on.asSuperuser(`update custom_hosts set expires_at = now() where host = 'agents.hooli.example'`)
    const again = await applyLook({ host: 'agents.hooli.example' })
    expect(titles(again)).toEqual(changed.slice(2))
    expect(again.host).toMatchObject({ status: 'pending' })
    expect(again.host?.record.value).not.toBe(host?.record.value)
  })

  test.each([
    ['a logo that is none', { name: 'Other', logo: { data: 'PHN2Zz4=' } }, 'body.branding.logo: data: must be a PNG'],
    ['the host of the installation', { name: 'Other', host: 'a.freehold.example' }, 'body.branding: host: is the host'],
  ])('is left as it was when it has %s', async (_, look, message) => {
    const before = await lookOf()
    for (const dryRun of [true, false]) {
      await expect(applyLook(look, dryRun)).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining(message),
      })
    }
    expect(await lookOf()).toEqual(before)
    const created = createTenant(operator, define({ name: 'unbranded', branding: look }), { ownHosts })
    await expect(created).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await on.asSuperuser(`select 1 from tenants where name = 'unbranded'`)).toEqual([])
  })

  test('comes with a tenant that is created', async () => {
    const created = await createTenant(operator, define({ name: 'branded at once', branding }), { ownHosts })
    expect(created.host?.record).toMatchObject({ name: '_custom-host.agents.hooli.example' })
  })
})

test('of two that define a new tenant at once, one makes it and the other finds it made', async () => {
  const postgres = await startPostgres()
  const there = await createTestPlatform({ databaseUrl: await postgres.createDatabase({ migrate: true }) })
  try {
    const by = { ...operator, platform: there.platform }
    const definition = define({ name: 'raced', plan: undefined })
    const both = await Promise.all([1, 2].map(() => applyTenant(by, definition, { dryRun: false, ownHosts })))
    expect(both[0]?.id).toBe(both[1]?.id)
    expect(both.map(({ changes }) => changes.length > 0).toSorted()).toEqual([false, true])
    expect(both.filter(({ apiKey }) => apiKey !== null)).toHaveLength(1)
  } finally {
    await there.close()
    await postgres.stop()
  }
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

test('a name is for addresses, and a tenant from before keeps the one that it has', async () => {
  await expect(apply({ name: 'Müller Söhne' })).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/^body\.name: use lower-case letters, digits and hyphens, such as "acme"/),
  })
  await on.createTenant('Müller Söhne')
  expect(titles(await apply({ name: 'Müller Söhne', owners: [] }))).toContain('create team support')
})
