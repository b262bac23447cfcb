import { createScheduleSchema, FreeholdError, type RunSummary, type Schedule } from '@freehold/contracts'
import {
  type Caller,
  createSchedule,
  getRun,
  getSchedule,
  listRuns,
  triggerSchedule,
  updateSchedule,
} from '@freehold/core'
import {
  type PostgresServer,
  startPostgres,
  startTestEngine,
  type TestEngine,
  tapDatabase,
  waitFor,
} from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defineProgram } from '../index.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

const greeter = defineProgram('greeter', async () => 'hello')

async function open(): Promise<TestEngine> {
  return startTestEngine({ databaseUrl: await postgres.createDatabase({ migrate: true }), programs: [greeter] })
}

let schedules = 0

/** A schedule of every new year, unless `input` says otherwise, so that no tick comes while a test runs. */
function schedule({ caller }: TestEngine, input: Partial<Schedule> & { at?: string } = {}, as: Caller = caller) {
  schedules += 1
  const times = input.at ? {} : { cron: '0 0 1 1 *' }
  const body = { name: `schedule ${schedules}`, agent: 'greeter', message: 'good morning', ...times, ...input }
  return createSchedule(as, createScheduleSchema.parse(body))
}

/** Lets a schedule stand where its next tick was `years` new years before the last, as if nobody had looked since. */
async function missYears(engine: TestEngine, id: string, years = 0): Promise<void> {
  await engine.sql(
    `update schedules set next_at = (date_trunc('year', now() at time zone 'UTC') - $2 * interval '1 year')
       at time zone 'UTC' where id = $1`,
    [id, years],
  )
}

/** Waits until the schedule has dealt with what was due. */
function dealtWith(engine: TestEngine, id: string): Promise<Schedule> {
  return waitFor(
    async () => {
      const found = await getSchedule(engine.caller, id)
      return (found.nextTimes[0] === undefined || Date.parse(found.nextTimes[0]) > Date.now()) && found
    },
    { what: 'the schedule to be dealt with' },
  )
}

async function runsOf(engine: TestEngine, id: string, caller = engine.caller): Promise<RunSummary[]> {
  const { items } = await listRuns(caller, { limit: 200 })
  return items.filter(({ metadata }) => metadata.scheduleId === id).reverse()
}

it('a tick starts a run that says where it comes from', async () => {
  await using engine = await open()
  await engine.worker()
  engine.scheduler()
  const { id } = await schedule(engine, {
    metadata: { team: 'north' },
    user: 'ada',
    priority: 'high',
    at: '2099-01-01T00:00:00Z',
  })
  await engine.sql(`update schedules set at = now(), next_at = now() where id = $1`, [id])
  const after = await dealtWith(engine, id)
  expect(after).toMatchObject({ status: 'done', lastProblem: null, nextTimes: [] })
  const [run] = await runsOf(engine, id)
  expect(run).toMatchObject({
    id: after.lastRunId,
    agent: 'greeter',
    message: 'good morning',
    metadata: { team: 'north', scheduleId: id, scheduledFor: after.lastTickAt },
    startedBy: 'api_key:test',
    user: 'ada',
    priority: 'high',
  })
  expect(await engine.ended(run?.id ?? '')).toMatchObject({ data: { output: 'hello' } })
})

it('every tick starts exactly one run while four workers race', async () => {
  await using engine = await open()
  const ids = await Promise.all(
    Array.from({ length: 10 }, () => schedule(engine, { overlap: 'allow', catchUp: 'all' }).then(({ id }) => id)),
  )
  for (const id of ids) await missYears(engine, id, 9)
  const taps = Array.from({ length: 4 }, () => tapDatabase(engine.database))
  for (const { database } of taps) engine.scheduler({ database, pollMs: 5 })
  for (const id of ids) await dealtWith(engine, id)
  for (const id of ids) {
    const ticks = (await runsOf(engine, id)).map(({ metadata }) => metadata.scheduledFor)
    expect(new Set(ticks).size).toBe(10)
    expect(ticks).toEqual(ticks.toSorted())
  }
  const racers = taps.filter(({ calls }) => calls.includes('fire-schedule'))
  expect(racers.length).toBeGreaterThan(1)
})

it('a worker that dies after the commit, or before it, neither repeats nor loses a tick', async () => {
  await using engine = await open()
  const { id } = await schedule(engine, { overlap: 'allow' })
  await missYears(engine, id)
  const tap = tapDatabase(engine.database)
  let attempts = 0
  tap.before = (name) => {
    if (name === 'fire-schedule' && ++attempts === 1) throw new FreeholdError('unavailable', 'died before the commit')
  }
  const answers: string[] = []
  tap.after = (name) => {
    if (name !== 'fire-schedule' || answers.push('lost') > 1) return
    throw new FreeholdError('unavailable', 'died after the commit')
  }
  engine.scheduler({ database: tap.database })
  await dealtWith(engine, id)
  // The one whose answer was lost is asked for again, with what it knew.
  await engine.sql(`update schedules set next_at = last_tick_at where id = $1`, [id])
  await waitFor(() => answers.length >= 2)
  const ticks = (await runsOf(engine, id)).map(({ metadata }) => metadata.scheduledFor)
  expect(attempts).toBeGreaterThanOrEqual(3)
  expect(ticks).toHaveLength(1)
  expect(engine.logs.filter(({ message }) => message === 'a schedule failed; trying again')).toHaveLength(2)
})

it('overlap: a tick is skipped, cancels the run before, or doesn’t care', async () => {
  await using engine = await open()
  const ids: Record<string, string> = {}
  const firstRuns: Record<string, string | null> = {}
  for (const overlap of ['skip', 'cancel_previous', 'allow'] as const) {
    const { id } = await schedule(engine, { overlap })
    ids[overlap] = id
    firstRuns[overlap] = (await triggerSchedule(engine.caller, id)).id
    await missYears(engine, id)
  }
  engine.scheduler()
  const skipped = await dealtWith(engine, ids.skip ?? '')
  expect(skipped).toMatchObject({ lastRunId: firstRuns.skip, lastProblem: expect.stringContaining('still under way') })
  const cancelled = await dealtWith(engine, ids.cancel_previous ?? '')
  expect(await getRun(engine.caller, firstRuns.cancel_previous ?? '')).toMatchObject({ status: 'cancelled' })
  expect(await getRun(engine.caller, cancelled.lastRunId ?? '')).toMatchObject({ status: 'queued' })
  await dealtWith(engine, ids.allow ?? '')
  const both = await runsOf(engine, ids.allow ?? '')
  expect(both.map(({ status }) => status)).toEqual(['queued', 'queued'])

  // Once the run before has ended, nothing is skipped.
  await engine.worker()
  await engine.ended(firstRuns.skip ?? '')
  await missYears(engine, ids.skip ?? '')
  const next = await waitFor(async () => {
    const found = await getSchedule(engine.caller, ids.skip ?? '')
    return found.lastProblem === null && found
  })
  expect(next.lastRunId).not.toBe(firstRuns.skip)
})

it.each([
  ['none', 0],
  ['latest', 1],
  ['all', 6],
] as const)(
  'catch-up "%s" after five missed ticks and one that is late starts %i, and goes on from now',
  async (catchUp, count) => {
    await using engine = await open()
    const { id } = await schedule(engine, { overlap: 'allow', catchUp })
    await missYears(engine, id, 5)
    engine.scheduler()
    const after = await dealtWith(engine, id)
    expect(await runsOf(engine, id)).toHaveLength(count)
    expect(after.lastProblem === null).toBe(count > 0)
    expect(after.status).toBe('active')
  },
)

it('a suspended tenant fires nothing; its ticks count as missed and are caught up when it is resumed', async () => {
  await using engine = await open()
  const { id } = await schedule(engine, { catchUp: 'latest' })
  const other = await engine.newTenant('globex')
  await engine.newAgent(other, 'greeter')
  const { id: otherId } = await schedule(engine, {}, other)
  await missYears(engine, id, 3)
  await missYears(engine, otherId, 3)
  await engine.sql(`update tenants set status = 'suspended' where id = $1`, [engine.tenantId])
  engine.scheduler()
  await waitFor(async () => (await runsOf(engine, otherId, other)).length === 1)
  expect(await runsOf(engine, id)).toEqual([])
  await engine.sql(`update tenants set status = 'active' where id = $1`, [engine.tenantId])
  await dealtWith(engine, id)
  expect(await runsOf(engine, id)).toHaveLength(1)
})

it('an agent without a release shows as a problem, and the schedule goes on', async () => {
  await using engine = await open()
  const { id } = await schedule(engine)
  await engine.sql(`delete from agent_releases where environment = 'production'`)
  await missYears(engine, id)
  engine.scheduler()
  const broken = await dealtWith(engine, id)
  expect(broken).toMatchObject({ status: 'active', lastRunId: null })
  expect(broken.lastProblem).toBe('Not started: no version of "greeter" is released to production.')
  await expect(triggerSchedule(engine.caller, id)).rejects.toMatchObject({ code: 'conflict' })

  await engine.sql(
    `insert into agent_releases (tenant_id, agent, environment, version, released_by)
      values ($1, 'greeter', 'production', 1, 'test')`,
    [engine.tenantId],
  )
  await missYears(engine, id)
  await waitFor(async () => (await getSchedule(engine.caller, id)).lastProblem === null)
  expect(await runsOf(engine, id)).toHaveLength(1)
})

it('a paused schedule fires nothing, and resumed it goes on with the first tick from now', async () => {
  await using engine = await open()
  const { id } = await schedule(engine, { catchUp: 'all' })
  expect(await updateSchedule(engine.caller, id, { status: 'paused' })).toMatchObject({
    status: 'paused',
    nextTimes: [],
  })
  const fired = await schedule(engine)
  await missYears(engine, fired.id)
  engine.scheduler()
  await dealtWith(engine, fired.id)
  expect(await runsOf(engine, id)).toEqual([])
  const resumed = await updateSchedule(engine.caller, id, { status: 'active' })
  expect(Date.parse(resumed.nextTimes[0] ?? '')).toBeGreaterThan(Date.now())
})

it('schedules that fail are put off, so that a hundred of them do not keep the others from firing', async () => {
  await using engine = await open()
  const broken = await Promise.all(Array.from({ length: 100 }, () => schedule(engine).then(({ id }) => id)))
  const good = await schedule(engine)
  for (const id of broken) await missYears(engine, id, 5)
  await missYears(engine, good.id)
  await engine.sql(`update schedules set cron = 'not cron' where id = any($1)`, [broken])
  engine.scheduler()
  await dealtWith(engine, good.id)
  expect(await runsOf(engine, good.id)).toHaveLength(1)
  const [id = ''] = broken
  expect(engine.logs).toContainEqual(
    expect.objectContaining({ level: 'error', fields: expect.objectContaining({ scheduleId: id }) }),
  )
  const putOff = await dealtWith(engine, id)
  expect(putOff).toMatchObject({ status: 'active', lastProblem: expect.stringContaining('could not be evaluated') })
  expect(Date.parse(putOff.nextTimes[0] ?? '') - Date.now()).toBeLessThanOrEqual(60_000)
  expect(await updateSchedule(engine.caller, id, { cron: '0 0 1 1 *' })).toMatchObject({ status: 'active' })
})
