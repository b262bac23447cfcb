import { budgetPeriods, type CreateBudget, createBudgetSchema } from '@freehold/contracts'
import { cancelRun, createBudget, getBudget, listUsage, settleLostCalls, updateOwnTenant } from '@freehold/core'
import {
  type PostgresServer,
  type ScriptedAnswer,
  type ScriptedModel,
  startPostgres,
  startScriptedModel,
  startTestEngine,
  type TestEngine,
  tapDatabase,
  waitFor,
} from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CallModel, createModelCaller, defineProgram, type ProgramRun } from '../index.ts'

let postgres: PostgresServer
let model: ScriptedModel
let answer: () => ScriptedAnswer
let callModel: CallModel
let engine: TestEngine

const ask = (run: ProgramRun) => run.model({ messages: [{ role: 'user', content: run.message }] })
const programs = ['asker', 'other'].map((name) => defineProgram(name, async (run) => (await ask(run)).text))

beforeAll(async () => {
  postgres = await startPostgres()
  model = await startScriptedModel(() => answer())
})
afterAll(async () => {
  await model[Symbol.asyncDispose]()
  await postgres.stop()
})
beforeEach(async () => {
  answer = () => ({ text: 'An answer.' })
  // What `default` is, openai/gpt-6-luna, has a known price; a server of one's own has none.
  const access = { openai: { apiKey: 'x', baseUrl: model.url }, compatible: {} }
  callModel = createModelCaller(access, { backoffMs: 1 })
  const databaseUrl = await postgres.createDatabase({ migrate: true })
  engine = await startTestEngine({ databaseUrl, programs, callModel: (request) => callModel(request) })
})
afterEach(() => engine[Symbol.asyncDispose]())

const newBudget = (changes: Partial<CreateBudget>) =>
  createBudget(engine.caller, createBudgetSchema.parse({ name: 'the budget', period: 'month', ...changes }))
const usage = async () => (await listUsage(engine.caller, { limit: 200 })).items
const openCalls = () => engine.sql('select 1 from budget_reservations where not lost')

/** The books agree: of the budget, of the ledger and of the runs; and nothing is reserved. */
async function expectBalanced(budgetId: string): Promise<void> {
  const [books] = await engine.sql(
    `select sum(spent_nanos)::float as cost, sum(spent_tokens)::float as tokens, sum(spent_requests)::float as requests,
            sum(reserved_nanos + reserved_tokens + reserved_requests)::float as reserved
       from budget_windows where budget_id = $1`,
    [budgetId],
  )
  const [ledger] = await engine.sql<{ cost: number; tokens: number; requests: number }>(
    `select sum(cost_nanos)::float as cost, sum(input_tokens + output_tokens)::float as tokens,
            count(*)::float as requests from usage_records`,
  )
  const [runs] = await engine.sql(
    'select sum(cost_nanos)::float as cost, sum(input_tokens + output_tokens)::float as tokens from agent_runs',
  )
  expect(books).toEqual({ ...ledger, reserved: 0 })
  expect(runs).toEqual({ cost: ledger?.cost, tokens: ledger?.tokens })
  expect(await openCalls()).toEqual([])
}

describe('a run that meets a limit', () => {
  it('ends as failed, and says which budget it was and when that resets', async () => {
    const budget = await newBudget({ limitNanos: 1_000 })
    await engine.worker()
    const before = model.arrivals.length
    const { data } = await engine.ended(await engine.start('asker'))
    const resetsAt = budget.windows[0]?.resetsAt
    expect(data).toMatchObject({
      error: { code: 'budget_exceeded', budget: { id: budget.id, name: 'the budget', resetsAt } },
    })
    expect(JSON.stringify(data)).toContain(
      'allows $0.000001 per month, but a call of openai/gpt-6-luna may take up to $0.0',
    )
    expect(model.arrivals).toHaveLength(before)
    expect(await usage()).toEqual([])
    await expectNothingHeld()
  })

  it.each(budgetPeriods)('reads what is left of a budget in %s', async (period) => {
    const budget = await newBudget({ period, requestLimit: 1 })
    await engine.worker()
    expect(await engine.ended(await engine.start('asker'))).toMatchObject({ type: 'run.succeeded' })
    const { data } = await engine.ended(await engine.start('asker'))
    const resetsAt = (await getBudget(engine.caller, budget.id)).windows[0]?.resetsAt
    expect(JSON.stringify(data)).toContain('has 0 requests left of 1 request')
    expect(JSON.stringify(data)).toContain(period === 'total' ? 'It does not reset.' : `It resets at ${resetsAt}.`)
    await expectBalanced(budget.id)
  })

  async function expectNothingHeld(): Promise<void> {
    expect(await engine.sql('select 1 from budget_windows where reserved_requests > 0')).toEqual([])
    expect(await openCalls()).toEqual([])
  }
})

describe('a model without a known price', () => {
  beforeEach(() => {
    callModel = createModelCaller({ defaultModel: 'own/model', compatible: { own: { baseUrl: model.url } } })
  })

  it('works where no budget limits money', async () => {
    const budget = await newBudget({ tokenLimit: 100_000 })
    await engine.worker()
    expect(await engine.ended(await engine.start('asker'))).toMatchObject({ type: 'run.succeeded' })
    expect(await usage()).toMatchObject([{ model: 'own/model', costNanos: null }])
    expect((await getBudget(engine.caller, budget.id)).windows).toMatchObject([{ tokens: { spent: 110, reserved: 0 } }])
  })

  it('is refused where one does, until the tenant assumes a price', async () => {
    const budget = await newBudget({ limitNanos: 1_000_000 })
    await engine.worker()
    const { data } = await engine.ended(await engine.start('asker'))
    expect(data).toMatchObject({ error: { code: 'price_unknown', budget: { name: 'the budget' } } })
    expect(JSON.stringify(data)).toContain('a price to assume for such models')
    await updateOwnTenant(engine.caller, { assumedPrice: { inputNanosPerToken: 2, outputNanosPerToken: 10 } })
    expect(await engine.ended(await engine.start('asker'))).toMatchObject({ type: 'run.succeeded' })
    expect(await usage()).toMatchObject([{ costNanos: 100 * 2 + 10 * 10, estimated: true, outcome: 'answered' }])
    await expectBalanced(budget.id)
  })
})

it('the soft threshold is told once, by the run that reached it', async () => {
  await newBudget({ requestLimit: 4, softPercent: 50 })
  await engine.worker({ concurrency: 1 })
  const runIds = []
  for (let run = 1; run <= 4; run++) {
    const runId = await engine.start('asker')
    await engine.ended(runId)
    runIds.push(runId)
  }
  const journals = await Promise.all(runIds.map((runId) => engine.journal(runId)))
  const warnings = journals.map((events) => events.filter(({ type }) => type === 'budget.warned'))
  expect(warnings.map(({ length }) => length)).toEqual([0, 1, 0, 0])
  expect(warnings[1]).toMatchObject([{ data: { name: 'the budget', softPercent: 50, subject: engine.tenantId } }])
})

describe('a call that breaks off', () => {
  it('is on record with what came of it, and the attempt after it by itself', async () => {
    const budget = await newBudget({ limitNanos: 1_000_000_000 })
    let attempts = 0
    answer = () => {
      attempts += 1
      // The first one stalls in the middle, until it has taken too long.
      return attempts > 1 ? { text: 'Whole.' } : { text: 'x'.repeat(80), chunkSize: 40, halfway: new Promise(() => {}) }
    }
    await engine.newAgent(engine.caller, 'hasty', { program: 'asker', limits: { modelTimeoutMs: 4_000 } })
    await engine.worker()
    expect(await engine.ended(await engine.start('hasty'))).toMatchObject({ type: 'run.succeeded' })
    expect(await usage()).toMatchObject([
      { step: 'model:1', outcome: 'answered', estimated: false, usage: { inputTokens: 100, outputTokens: 10 } },
      { step: 'model:1', outcome: 'broken', estimated: true, usage: { outputTokens: 10 } },
    ])
    await expectBalanced(budget.id)
  })

  it('because its run was cancelled is on record when the run has ended', async () => {
    const budget = await newBudget({ limitNanos: 1_000_000_000 })
    answer = () => ({ text: 'x'.repeat(80), chunkSize: 40, halfway: new Promise(() => {}) })
    await engine.worker()
    const before = model.arrivals.length
    const runId = await engine.start('asker')
    await firstText(runId)
    await cancelRun(engine.caller, runId)
    await engine.ended(runId)
    expect(model.arrivals).toHaveLength(before + 1)
    expect(await usage()).toMatchObject([{ runId, outcome: 'broken', estimated: true, usage: { outputTokens: 10 } }])
    const [record] = await usage()
    expect(await engine.run(runId)).toMatchObject({ status: 'cancelled', costNanos: record?.costNanos })
    await expectBalanced(budget.id)
  })

  async function firstText(runId: string): Promise<void> {
    for await (const event of engine.watch(runId, AbortSignal.timeout(20_000))) if (event.type === 'text.delta') return
  }
})

it('a lost call is charged in full, and corrected by the late answer of its worker', async () => {
  const budget = await newBudget({ limitNanos: 1_000_000_000 })
  const late = Promise.withResolvers<void>()
  let attempts = 0
  answer = () => {
    attempts += 1
    return attempts === 1 ? { text: 'Late.', before: late.promise } : { text: 'In time.' }
  }
  // Paused: it neither renews nor hears that it lost its lease.
  const tap = tapDatabase(engine.database)
  tap.before = (name) => {
    if (/renew|claim/.test(name) && attempts > 0) throw new Error('paused')
  }
  await engine.worker({ database: tap.database })
  const runId = await engine.start('asker')
  await waitFor(() => attempts === 1, { what: 'the call' })
  await engine.expireLeases()
  await engine.worker()
  expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'In time.' } })
  await settleLostCalls(engine.database, 100)
  expect(await usage()).toMatchObject([{ outcome: 'lost', estimated: true }, { outcome: 'answered' }])
  await expectBalanced(budget.id)
  late.resolve()
  await waitFor(async () => (await usage()).every(({ outcome }) => outcome === 'answered'), { what: 'the correction' })
  expect(await usage()).toMatchObject([100, 100].map((inputTokens) => ({ estimated: false, usage: { inputTokens } })))
  await expectBalanced(budget.id)
})

it('workers free what a dead one had reserved, within a lease', async () => {
  const budget = await newBudget({ limitNanos: 1_000_000_000 })
  answer = () => ({ text: 'never', before: new Promise(() => {}) })
  const tap = tapDatabase(engine.database)
  await engine.worker({ database: tap.database })
  await engine.start('asker')
  await waitFor(async () => (await openCalls()).length === 1, { what: 'the call' })
  tap.before = () => {
    throw new Error('dead')
  }
  await engine.sql(`update agent_runs set available_at = now() - interval '1 second', status = 'failed'`)
  await engine.worker({ leaseMs: 200 })
  await waitFor(async () => (await openCalls()).length === 0, { what: 'the settlement' })
  expect(await usage()).toMatchObject([{ outcome: 'lost' }])
  await expectBalanced(budget.id)
})

it('200 calls at once against budgets for 20, with workers dying on the way, spend no more than that', async () => {
  const price = 100
  let served = 0
  callModel = async ({ meter }) => {
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
    const call = await meter?.reserve('openai/m', { inputTokens: 1, outputTokens: 1, costNanos: price })
    served += 1
    const reply = { demo: false, text: 'yes', toolCalls: [], finishReason: 'stop', latencyMs: 1, attempts: 1 }
    return { ...reply, model: 'openai/m', usage, costNanos: price, callId: call?.id }
  }
  const budget = await newBudget({ limitNanos: 20 * price })
  await newBudget({ name: 'agents', scope: { kind: 'agent', id: null }, period: 'day', requestLimit: 15 })
  await newBudget({ name: 'runs', scope: { kind: 'run', id: null }, period: 'total', requestLimit: 3 })
  await newBudget({ name: 'key', scope: { kind: 'api_key', id: 'test' }, period: 'hour', tokenLimit: 2 * 25 })
  await Promise.all(Array.from({ length: 200 }, (_, index) => engine.start(index % 2 === 0 ? 'asker' : 'other')))
  // Each dies as soon as it has made some reservations: of the last it never hears.
  for (const life of [1, 2, 3]) {
    const tap = tapDatabase(engine.database)
    const died = Promise.withResolvers<void>()
    let reservations = 0
    tap.before = () => {
      if (reservations >= 4) throw new Error(`worker ${life} is dead`)
    }
    tap.after = (name) => {
      if (name !== 'reserve-budget' || ++reservations < 4) return
      died.resolve()
      throw new Error(`worker ${life} is dead`)
    }
    const dying = await engine.worker({ database: tap.database, concurrency: 64 })
    await died.promise
    await engine.sql(`update agent_runs set available_at = now() where worker = $1`, [dying.name])
  }
  await engine.worker({ concurrency: 64 })
  await engine.worker({ concurrency: 64 })
  const underWay = `select 1 from agent_runs where status not in ('succeeded', 'failed')`
  await waitFor(async () => (await engine.sql(underWay)).length === 0, { timeoutMs: 25_000, what: 'the ends' })
  await settleLostCalls(engine.database, 100)

  await expectBalanced(budget.id)
  const records = await usage()
  const spent = records.reduce((sum, { costNanos }) => sum + (costNanos ?? 0), 0)
  expect(spent).toBe(20 * price)
  expect(served * price).toBeLessThanOrEqual(spent)
  expect(records.filter(({ outcome }) => outcome === 'lost').length).toBeGreaterThanOrEqual(3)
  const overdrawn = `select 1 from budget_windows w join budgets b on b.id = w.budget_id
    where w.spent_nanos > b.limit_nanos or w.spent_tokens > b.token_limit or w.spent_requests > b.request_limit`
  expect(await engine.sql(overdrawn)).toEqual([])
  const failures = await engine.sql<{ code: string; runs: number }>(
    `select error ->> 'code' as code, count(*)::int as runs from agent_runs where status = 'failed' group by 1`,
  )
  expect(failures).toMatchObject([{ code: 'budget_exceeded' }])
  expect(failures[0]?.runs).toBeGreaterThanOrEqual(180)
})
