import { type Overview, tenantPermissions } from '@freehold/contracts'
import { createTestPlatform, makeBusy, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBudget } from '../budgets/budgets.ts'
import type { Caller } from '../identity/caller.ts'
import { setOwner } from '../teams/owners.ts'
import { createTeam } from '../teams/teams.ts'
import { getOverview } from './get-overview.ts'

interface Row {
  agent: string
  status: string
  environment: string
  at: number
  tookMs: number
  cost: number
}

const dayMs = 86_400_000
let on: TestPlatform
let team: string
let runs: Row[]

beforeAll(async () => {
  on = await createTestPlatform()
  await makeBusy(on, on.acme, { runs: 2000, callsPerRun: 1 })
  team = (await createTeam(owner(), { name: 'clerks' })).id
  await setOwner(owner(), { kind: 'agent', resource: 'clerk' }, { teamId: team, sharedWith: [] })
  await on.asSuperuser(`update agent_runs set team = $1 where agent = 'clerk'`, [team])
  runs = await on.asSuperuser<Row>(
    `select agent, status, environment, extract(epoch from created_at)::float8 * 1000 as at, cost_nanos as cost,
            extract(epoch from finished_at - started_at)::float8 * 1000 as "tookMs"
       from agent_runs where tenant_id = $1`,
    [on.acme.id],
  )
}, 120_000)
afterAll(() => on.close())

const owner = () => on.caller(on.acme)
const ofTeam = (): Caller => ({ ...owner(), teams: [team] })
const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0)

function figuresOf(rows: Row[]) {
  const of = (status: string) => rows.filter((row) => row.status === status).length
  const took = rows
    .filter(({ status }) => status === 'succeeded' || status === 'failed')
    .map(({ tookMs }) => tookMs)
    .sort((one, other) => one - other)
  const quantile = (share: number) => {
    const place = share * (took.length - 1)
    const [low, high] = [took[Math.floor(place)] ?? 0, took[Math.ceil(place)] ?? 0]
    return Math.round(low + (high - low) * (place % 1))
  }
  return {
    runs: rows.length,
    succeeded: of('succeeded'),
    failed: of('failed'),
    cancelled: of('cancelled'),
    successRate: of('succeeded') / took.length,
    durationMs: { p50: quantile(0.5), p95: quantile(0.95) },
    costNanos: sum(rows.map(({ cost }) => cost)),
  }
}

const within = ({ from, to }: { from: string; to: string }, seen = runs) =>
  seen.filter(({ at }) => at >= Date.parse(from) && at < Date.parse(to))

test.each([1, 7, 30])(
  '%i days are counted as the runs say, and compared with as long a stretch before',
  async (days) => {
    const { current, previous } = await getOverview(owner(), { days, timeZone: 'UTC' })
    expect(current).toMatchObject(figuresOf(within(current)))
    expect(previous).toMatchObject(figuresOf(within(previous)))
    expect(current.from).toMatch(/T00:00:00.000Z$/)
    expect(Date.parse(current.to) - Date.parse(previous.to)).toBe(days * dayMs)
    expect(Date.parse(current.from) - Date.parse(previous.from)).toBe(days * dayMs)
  },
)

test.each([
  [1, 'Asia/Kathmandu'],
  [7, 'America/New_York'],
  [30, 'Europe/Berlin'],
])('a series of %i days in %s has every hour or day, and sums up to the figures', async (days, timeZone) => {
  const { current, series } = await getOverview(owner(), { days, timeZone })
  const local = new Intl.DateTimeFormat('en', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  expect(local.format(new Date(current.from))).toBe('00:00')
  if (days > 1) expect(series.map(({ at }) => local.format(new Date(at)))).toEqual(Array(days).fill('00:00'))
  else expect(series).toHaveLength(Math.floor((Date.parse(current.to) - Date.parse(current.from)) / 3_600_000) + 1)
  expect(sum(series.map((each) => each.runs))).toBe(current.runs)
  expect(sum(series.map((each) => each.failed))).toBe(current.failed)
  expect(sum(series.map((each) => each.costNanos))).toBe(current.costNanos)
})

test('without a time zone the days are those of the tenant', async () => {
  await on.asSuperuser(`update tenants set time_zone = 'Asia/Tokyo' where id = $1`, [on.acme.id])
  expect(await getOverview(owner(), { days: 7 })).toMatchObject({ timeZone: 'Asia/Tokyo' })
  await on.asSuperuser(`update tenants set time_zone = 'UTC' where id = $1`, [on.acme.id])
})

test('agents are those with the most runs, with what they fail and cost', async () => {
  const { agents, current } = await getOverview(owner(), { days: 30, timeZone: 'UTC' })
  expect(agents).toHaveLength(5)
  for (const { agent, ...figures } of agents) {
    const {
      runs: count,
      succeeded,
      failed,
      costNanos,
    } = figuresOf(within(current).filter((row) => row.agent === agent))
    expect(figures).toEqual({ runs: count, failureRate: failed / (succeeded + failed), costNanos })
  }
})

test('a tenant in which nothing has happened has no rates and no durations', async () => {
  const { current, series, now, agents, budgets } = await getOverview(on.caller(on.globex), { days: 7 })
  expect(current).toMatchObject({ runs: 0, successRate: null, durationMs: null, costNanos: 0 })
  expect(series).toHaveLength(7)
  expect([now, agents, budgets]).toEqual([{ queued: 0, running: 0, waiting: 0 }, [], []])
})

describe('budgets', () => {
  const nearest = async (caller: Caller): Promise<Overview['budgets']> =>
    (await getOverview(caller, { days: 1 })).budgets

  test('nearest their limit come first, by the measure that is nearest, in the period under way', async () => {
    const scope = { kind: 'tenant', id: null } as const
    const limits = { tokenLimit: null, requestLimit: null, softPercent: null }
    const full = { ...limits, limitNanos: 1000, requestLimit: 10 }
    const used = await createBudget(owner(), { name: 'used', scope, period: 'month', ...full })
    await createBudget(owner(), { name: 'fresh', scope, period: 'day', ...limits, limitNanos: 5 })
    const each = { kind: 'user', id: null } as const
    await createBudget(owner(), { name: 'each', scope: each, period: 'day', ...limits, limitNanos: 5 })
    await on.asSuperuser(
      `insert into budget_windows (tenant_id, budget_id, subject, window_start, window_end, spent_nanos, spent_requests,
           reserved_requests)
         select $1, $2, 'acme', s.at, s.at + interval '1 day', s.spent, 6, 2
           from (values (now() - interval '2 days', 999), (now() - interval '1 hour', 500)) s (at, spent)`,
      [on.acme.id, used.id],
    )
    expect(await nearest(owner())).toMatchObject([
      { name: 'used', period: 'month', subject: 'acme', measure: 'requests', spent: 6, reserved: 2, allowed: 10 },
      { name: 'fresh', period: 'day', subject: on.acme.id, measure: 'nanos', spent: 0, reserved: 0, allowed: 5 },
    ])
  })

  test('of others are not shown to a team', async () => {
    expect(await nearest(ofTeam())).toEqual([])
  })
})

describe('what the caller may not see', () => {
  const only = (...permissions: (typeof tenantPermissions)[number][]): Caller => ({
    ...owner(),
    permissions: new Set(permissions),
  })

  test('is left out, and nothing is refused but runs', async () => {
    const seen = await getOverview(only('runs:read'), { days: 1 })
    expect(seen).toMatchObject({ approvalsWaiting: null, budgets: null, changes: null })
    const rest = tenantPermissions.filter((permission) => permission !== 'runs:read')
    await expect(getOverview(only(...rest), { days: 1 })).rejects.toMatchObject({ code: 'permission_denied' })
  })

  test('is there for whoever may', async () => {
    const { approvalsWaiting, changes } = await getOverview(owner(), { days: 1 })
    expect(approvalsWaiting).toBe(0)
    const kinds = new Set(changes?.map(({ subject }) => subject.kind))
    expect([...kinds].filter((kind) => !['agent', 'release', 'budget'].includes(kind))).toEqual([])
    expect(changes?.[0]?.seq).toBe(Math.max(...(changes ?? []).map(({ seq }) => seq)))
  })

  test('are runs of other teams', async () => {
    const { current, agents } = await getOverview(ofTeam(), { days: 30, timeZone: 'UTC' })
    expect(agents.map(({ agent }) => agent)).toEqual(['clerk'])
    expect(current).toMatchObject(
      figuresOf(
        within(
          current,
          runs.filter(({ agent }) => agent === 'clerk'),
        ),
      ),
    )
  })

  test('are runs of other environments for a key that is bound to one', async () => {
    const bound: Caller = { ...owner(), environment: 'staging' }
    const { current } = await getOverview(bound, { days: 30, timeZone: 'UTC' })
    const there = runs.filter(({ environment }) => environment === 'staging')
    expect(current).toMatchObject(figuresOf(within(current, there)))
  })

  test('are runs of another tenant', async () => {
    expect(JSON.stringify(await getOverview(on.caller(on.globex), { days: 30 }))).not.toContain('clerk')
  })
})
