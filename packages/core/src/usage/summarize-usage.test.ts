import type { SummarizeUsage } from '@freehold/contracts'
import { createTestPlatform, makeBusy, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { createTeam } from '../teams/teams.ts'
import { summarizeUsage } from './summarize-usage.ts'

interface Row {
  agent: string
  principal: string
  on_behalf_of: string | null
  model: string
  team: string | null
  run_id: string
  cost_nanos: number | null
  input_tokens: number
  output_tokens: number
  cache_read_tokens: number
  created_at: string
}

const dayMs = 86_400_000
let on: TestPlatform
let team: string
let rows: Row[]
beforeAll(async () => {
  on = await createTestPlatform()
  await makeBusy(on, on.acme, { runs: 300, callsPerRun: 3 })
  team = (await createTeam(owner(), { name: 'sales' })).id
  await on.asSuperuser(`update agent_runs set team = $1 where agent = 'clerk'`, [team])
  await on.asSuperuser(`update agent_runs set on_behalf_of = null where agent = 'planner'`)
  await on.asSuperuser(
    `insert into usage_records (tenant_id, run_id, step, model, input_tokens, output_tokens, cache_read_tokens,
         cache_write_tokens, reasoning_tokens, cost_nanos, created_at)
       select tenant_id, id, 'model:9', 'unknown/model', 1, 1, 0, 0, 0, null, now() - interval '1 hour' from agent_runs
        where agent = 'clerk' order by id desc limit 1`,
  )
  rows = await on.asSuperuser<Row>(
    `select r.agent, r.principal, r.on_behalf_of, r.team, u.* from usage_records u join agent_runs r on r.id = u.run_id
      where u.tenant_id = $1`,
    [on.acme.id],
  )
})
afterAll(() => on.close())

const owner = () => on.caller(on.acme)
const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0)
const from = new Date(Date.now() - 20 * dayMs).toISOString()
const to = new Date(Date.now() - 1).toISOString()
const within = () =>
  rows.filter(({ created_at: at }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) < Date.parse(to))

function usedIn(calls: Row[]) {
  return {
    calls: calls.length,
    inputTokens: sum(calls.map((call) => call.input_tokens)),
    outputTokens: sum(calls.map((call) => call.output_tokens)),
    cacheReadTokens: sum(calls.map((call) => call.cache_read_tokens)),
    costNanos: sum(calls.map((call) => call.cost_nanos ?? 0)),
    unpricedCalls: calls.filter((call) => call.cost_nanos === null).length,
  }
}

const summarize = (groupBy: SummarizeUsage['groupBy'], caller: Caller = owner()) =>
  summarizeUsage(caller, { groupBy, from, to, timeZone: 'UTC' })

test.each<[SummarizeUsage['groupBy'], (row: Row) => string | null]>([
  ['agent', ({ agent }) => agent],
  ['model', ({ model }) => model],
  ['person', ({ on_behalf_of: user, principal }) => (user === null ? principal : `user:${user}`)],
  ['team', (row) => row.team],
  ['day', ({ created_at: at }) => `${new Date(at).toISOString().slice(0, 10)}T00:00:00.000Z`],
])('by %s every group and the total are what the records say', async (groupBy, keyOf) => {
  const { items, total, omitted } = await summarize(groupBy)
  expect([total, omitted]).toEqual([usedIn(within()), 0])
  expect(new Set(items.map(({ key }) => key))).toEqual(new Set(within().map(keyOf)))
  for (const { key, runs, name: _, ...used } of items) {
    const own = within().filter((row) => keyOf(row) === key)
    expect(used).toEqual(usedIn(own))
    expect(runs).toBe(groupBy === 'model' ? null : new Set(own.map(({ run_id }) => run_id)).size)
  }
  const order = groupBy === 'day' ? items.map(({ key }) => Date.parse(key ?? '')) : items.map((each) => -each.costNanos)
  expect(order).toEqual(order.toSorted((one, other) => one - other))
})

test('days without a call are there, in the time zone that was asked for', async () => {
  const quiet = on.caller(on.globex)
  const { items, total } = await summarizeUsage(quiet, {
    groupBy: 'day',
    from: '2026-03-27T23:30:00Z',
    to: '2026-03-30T22:00:00Z',
    timeZone: 'Europe/Berlin',
  })
  const [start, ...days] = items.map(({ key }) => key)
  expect([start, ...days]).toEqual(['2026-03-27T23:00:00.000Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'])
  expect(total.calls).toBe(0)
})

test('people and teams have their names', async () => {
  const { items } = await summarize('team')
  expect(items.map(({ key, name }) => [key, name])).toEqual(
    expect.arrayContaining([
      [team, 'sales'],
      [null, null],
    ]),
  )
  const people = (await summarize('person')).items
  expect(people).toContainEqual(expect.objectContaining({ key: 'user:user 1', name: 'user 1' }))
})

test('a span that ends before it begins, or is longer than 400 days, is refused', async () => {
  for (const span of [
    { from: to, to: from },
    { from: '2024-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' },
  ]) {
    await expect(summarizeUsage(owner(), { groupBy: 'day', ...span })).rejects.toMatchObject({
      code: 'invalid_request',
    })
  }
})

describe('what is summed up', () => {
  test('of a team is what its own runs used', async () => {
    const { items, total } = await summarize('agent', { ...owner(), teams: [team] })
    expect(items.map(({ key }) => key)).toEqual(['clerk'])
    expect(total).toEqual(usedIn(within().filter((row) => row.team === team)))
  })

  test('is nothing of another tenant, and needs usage:read', async () => {
    expect(await summarize('agent', on.caller(on.globex))).toMatchObject({ items: [], total: { calls: 0 } })
    const blind = summarize('agent', { ...owner(), permissions: new Set(['runs:read']) })
    await expect(blind).rejects.toMatchObject({ code: 'permission_denied' })
  })
})
