import { createTestPlatform, type TestPlatform, type TestTenant } from '@freehold/testkit'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { startChildRun } from '../runs/child-runs.ts'
import { claimRuns } from '../runs/claim-runs.ts'
import { finishRun } from '../runs/end-run.ts'
import { appendEvents } from '../runs/journal.ts'
import { LeaseLostError } from '../runs/lease.ts'
import { updateOwnTenant } from '../tenancy/tenants.ts'
import { listUsage } from '../usage/list-usage.ts'
import { booksOf, callOf, cameTo, expireLease, holdRun, ledgerOf, newBudget } from './books.fixture.ts'
import { deleteBudget, getBudget, updateBudget } from './budgets.ts'
import { reserveCall, settleCall, settleLostCalls } from './metered-calls.ts'

let platform: TestPlatform
let tenant: TestTenant
let owner: Caller
beforeAll(async () => {
  platform = await createTestPlatform()
})
afterAll(() => platform.close())
beforeEach(async () => {
  tenant = await platform.createTenant(`tenant ${uuidv7()}`)
  owner = platform.caller(tenant)
})

type Held = Awaited<ReturnType<typeof holdRun>>
const hold = (input?: { user?: string }) => holdRun(platform, owner, input)
const reserve = (run: Held, call = callOf(10)) => reserveCall(platform.database, run.lease, call)
const settle = (run: Held, call: ReturnType<typeof cameTo>) => settleCall(platform.database, run.lease, call)
const answerOf = (call: ReturnType<typeof callOf>, costNanos: number) => {
  const { usage, estimated } = cameTo(call, 'answered', costNanos)
  const reply = { demo: false, text: 'yes', toolCalls: [], finishReason: 'stop', latencyMs: 1, attempts: 1 }
  const data = { step: call.step, model: call.model, callId: call.id, usage, costNanos, estimated, ...reply }
  return { type: 'model.finished', data } as const
}
const openCalls = () => platform.asSuperuser('select 1 from budget_reservations where tenant_id = $1', [tenant.id])

describe('a reservation', () => {
  test('holds the worst case, and what was used is what stays', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const run = await hold()
    const call = callOf(60)
    expect(await reserve(run, call)).toMatchObject({ outcome: 'granted' })
    expect(await booksOf(platform, budget.id)).toMatchObject({
      reserved_nanos: 60,
      reserved_tokens: 120,
      spent_nanos: 0,
    })
    await settle(run, cameTo(call, 'broken', 15))
    const books = {
      spent_nanos: 15,
      reserved_nanos: 0,
      spent_tokens: 30,
      reserved_tokens: 0,
      spent_requests: 1,
      reserved_requests: 0,
    }
    expect(await booksOf(platform, budget.id)).toEqual(books)
    const { ledger, runs } = await ledgerOf(platform, tenant)
    expect(ledger).toEqual({ cost: 15, tokens: 30, requests: 1 })
    expect(runs).toEqual({ cost: 15, tokens: 30 })
  })

  test.each([
    ['money', { limitNanos: 100 }, { allowed: 100, taken: 60, asked: 60 }],
    ['tokens', { tokenLimit: 130 }, { allowed: 130, taken: 120, asked: 120 }],
    ['requests', { requestLimit: 1 }, { allowed: 1, taken: 1, asked: 1 }],
  ])('that does not fit the limit of %s is refused, and holds nothing', async (limitOf, limits, numbers) => {
    const roomy = await newBudget(owner, { name: 'roomy', limitNanos: 1_000 })
    const budget = await newBudget(owner, { name: 'tight', ...limits })
    const run = await hold()
    await reserve(run, callOf(60))
    const refused = await reserve(run, callOf(60))
    const refusal = { budgetId: budget.id, name: 'tight', period: 'day', limitOf, ...numbers }
    expect(refused).toMatchObject({ outcome: 'budget_exceeded', refusal })
    expect(await booksOf(platform, roomy.id)).toMatchObject({ reserved_nanos: 60, reserved_requests: 1 })
    expect(await openCalls()).toHaveLength(1)
  })

  test('that is refused by several names the one that resets last', async () => {
    for (const period of ['hour', 'month', 'day'] as const)
      await newBudget(owner, { name: period, period, requestLimit: 0 })
    expect(await reserve(await hold())).toMatchObject({ refusal: { name: 'month' } })
    await newBudget(owner, { name: 'never', period: 'total', requestLimit: 0 })
    expect(await reserve(await hold())).toMatchObject({ refusal: { name: 'never', resetsAt: null } })
  })

  test('is made once, however often it is asked for', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const [run, call] = [await hold(), callOf(60)]
    for (let times = 0; times < 3; times++) expect(await reserve(run, call)).toMatchObject({ outcome: 'granted' })
    expect(await booksOf(platform, budget.id)).toMatchObject({ reserved_nanos: 60 })
  })

  test('is for the holder of the lease only', async () => {
    const run = await hold()
    const stale = { ...run, lease: { ...run.lease, token: run.lease.token - 1 } }
    await expect(reserve(stale)).rejects.toThrow(LeaseLostError)
    expect(await openCalls()).toHaveLength(0)
  })

  test('counts for each user, and for the one who has a budget of their own', async () => {
    const each = await newBudget(owner, { name: 'each', scope: { kind: 'user', id: null }, requestLimit: 2 })
    await newBudget(owner, { name: 'bob', scope: { kind: 'user', id: 'bob' }, requestLimit: 1 })
    const [alice, bob, nobody] = [await hold({ user: 'alice' }), await hold({ user: 'bob' }), await hold()]
    const outcomes = []
    for (const run of [alice, alice, alice, bob, bob, nobody, nobody, nobody])
      outcomes.push((await reserve(run)).outcome)
    const [yes, no] = ['granted', 'budget_exceeded']
    expect(outcomes).toEqual([yes, yes, no, yes, no, yes, yes, yes])
    const { windows } = await getBudget(owner, each.id)
    expect(windows.map(({ subject, requests }) => [subject, requests.reserved])).toEqual([
      ['alice', 2],
      ['bob', 1],
    ])
  })

  test('of a delegated run counts for the run at the top, the key and the user', async () => {
    const parent = await hold({ user: 'alice' })
    const child = { id: uuidv7(), step: 'child:1', agent: 'assistant', message: 'help', deadlineMs: 60_000 }
    await startChildRun(platform.database, parent, child)
    const [held] = await claimRuns(platform.database, { worker: 'w', limit: 1, leaseMs: 60_000 })
    if (!held) throw new Error('nothing was claimed')
    const scopes = [
      { kind: 'run', id: null },
      { kind: 'run', id: parent.lease.runId },
      { kind: 'api_key', id: 'test' },
      { kind: 'user', id: 'alice' },
      { kind: 'agent', id: 'assistant' },
    ] as const
    const budgets = []
    for (const [index, scope] of scopes.entries()) {
      budgets.push(await newBudget(owner, { name: `budget ${index}`, scope, period: 'total', requestLimit: 2 }))
    }
    expect(await reserve(parent)).toMatchObject({ outcome: 'granted' })
    expect(await reserve(held)).toMatchObject({ outcome: 'granted' })
    expect(await reserve(held)).toMatchObject({ outcome: 'budget_exceeded' })
    for (const { id } of budgets) expect(await booksOf(platform, id)).toMatchObject({ reserved_requests: 2 })
  })

  test('without a known price is refused where money is limited, unless the tenant assumes one', async () => {
    const run = await hold()
    await newBudget(owner, { name: 'tokens', tokenLimit: 1_000 })
    expect(await reserve(run, callOf(null))).toMatchObject({ outcome: 'granted', assumedPrice: null })
    const budget = await newBudget(owner, { name: 'money', limitNanos: 1_000 })
    expect(await reserve(run, callOf(null))).toMatchObject({ outcome: 'price_unknown', refusal: { name: 'money' } })
    await updateOwnTenant(owner, { assumedPrice: { inputNanosPerToken: 2, outputNanosPerToken: 5 } })
    const assumedPrice = { inputNanosPerToken: 2, outputNanosPerToken: 5 }
    expect(await reserve(run, callOf(null))).toMatchObject({ outcome: 'granted', assumedPrice })
    expect(await booksOf(platform, budget.id)).toMatchObject({ reserved_nanos: 10 * 2 + 10 * 5 })
  })

  test('warns of a budget whose soft threshold it is the first to reach', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100, softPercent: 50 })
    const [run, other] = [await hold(), await hold()]
    expect(await reserve(run, callOf(49))).toMatchObject({ warnings: [] })
    const warning = { budgetId: budget.id, name: 'day', softPercent: 50, subject: tenant.id }
    expect(await reserve(other, callOf(1))).toMatchObject({ warnings: [warning] })
    expect(await reserve(run, callOf(1))).toMatchObject({ warnings: [] })
  })

  test('fits a window that was raised, and that one only', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 10 })
    const run = await hold()
    const refused = await reserve(run, callOf(15))
    if (!('refusal' in refused)) throw new Error(refused.outcome)
    const { subject, windowStart } = refused.refusal
    const raise = (id: string, extra: number) =>
      platform.database.call<{ raised: boolean }>('raise', 'select raise_budget_window($1, $2, $3, $4, $5) as raised', [
        ...[tenant.id, id, subject, windowStart, extra],
      ])
    expect(await raise(budget.id, 5)).toEqual([{ raised: true }])
    expect(await raise(uuidv7(), 5)).toEqual([{ raised: false }])
    expect(await reserve(run, callOf(15))).toMatchObject({ outcome: 'granted' })
    expect((await getBudget(owner, budget.id)).windows).toMatchObject([{ nanos: { allowed: 15, remaining: 0 } }])
    await platform.asSuperuser(
      `update budget_windows set window_start = window_start - interval '1 day',
      window_end = window_end - interval '1 day' where budget_id = $1`,
      [budget.id],
    )
    expect(await reserve(run, callOf(11))).toMatchObject({ outcome: 'budget_exceeded', refusal: { allowed: 10 } })
  })

  test('asks the limits as they are now, and a deleted budget nothing', async () => {
    const budget = await newBudget(owner, { name: 'day', requestLimit: 0 })
    const run = await hold()
    expect(await reserve(run)).toMatchObject({ outcome: 'budget_exceeded' })
    await updateBudget(owner, budget.id, { requestLimit: 1 })
    expect(await reserve(run)).toMatchObject({ outcome: 'granted' })
    expect(await reserve(run)).toMatchObject({ outcome: 'budget_exceeded' })
    await deleteBudget(owner, budget.id)
    expect(await reserve(run)).toMatchObject({ outcome: 'granted' })
  })
})

describe('a settlement', () => {
  test('comes with the journal, once', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const [run, call] = [await hold(), callOf(60)]
    await reserve(run, call)
    const append = { after: run.lastSeq, events: [answerOf(call, 20)] }
    for (let times = 0; times < 2; times++) await appendEvents(platform.database, run.lease, append)
    await settle(run, cameTo(call, 'answered', 20))
    expect(await booksOf(platform, budget.id)).toMatchObject({ spent_nanos: 20, reserved_nanos: 0, spent_requests: 1 })
    expect((await ledgerOf(platform, tenant)).ledger).toEqual({ cost: 20, tokens: 40, requests: 1 })
    expect(await openCalls()).toHaveLength(0)
  })

  test('comes also with the end of a run, for each of its calls', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const [run, first, second] = [await hold(), callOf(40), callOf(40, { step: 'model:2' })]
    await reserve(run, first)
    await reserve(run, second)
    const end = { status: 'succeeded', output: null, error: null, messages: [], hasParent: false } as const
    const events = [
      answerOf(first, 20),
      answerOf(second, 30),
      { type: 'run.succeeded', data: { output: null } } as const,
    ]
    await finishRun(platform.database, run.lease, { ...end, after: run.lastSeq, events })
    expect(await booksOf(platform, budget.id)).toMatchObject({ spent_nanos: 50, reserved_nanos: 0, spent_requests: 2 })
    expect((await ledgerOf(platform, tenant)).runs).toEqual({ cost: 50, tokens: 100 })
  })

  test('of a refused append is left to its own statement', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const [run, call] = [await hold(), callOf(60)]
    await reserve(run, call)
    const stale = { ...run.lease, token: run.lease.token + 1 }
    const append = { after: run.lastSeq, events: [answerOf(call, 20)] }
    await expect(appendEvents(platform.database, stale, append)).rejects.toThrow(LeaseLostError)
    expect(await booksOf(platform, budget.id)).toMatchObject({ spent_nanos: 0, reserved_nanos: 60 })
    await settle(run, cameTo(call, 'answered', 20))
    expect(await booksOf(platform, budget.id)).toMatchObject({ spent_nanos: 20, reserved_nanos: 0 })
  })

  test('of nothing leaves nothing', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const [run, call] = [await hold(), callOf(60)]
    await reserve(run, call)
    await settle(run, cameTo(call, 'unanswered', 0))
    expect(await booksOf(platform, budget.id)).toMatchObject({
      spent_requests: 0,
      reserved_requests: 0,
      reserved_nanos: 0,
    })
    expect((await ledgerOf(platform, tenant)).ledger).toEqual({ cost: 0, tokens: 0, requests: 0 })
  })

  test('of a worker that knows no reservations goes into the ledger', async () => {
    const run = await hold()
    const { callId: _, ...data } = answerOf(callOf(60), 20).data
    await appendEvents(platform.database, run.lease, { after: run.lastSeq, events: [{ type: 'model.finished', data }] })
    expect((await ledgerOf(platform, tenant)).ledger).toEqual({ cost: 20, tokens: 40, requests: 1 })
  })
})

describe('a call whose lease is over', () => {
  test('is charged in full, and a late answer corrects that', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const [run, call] = [await hold(), callOf(60)]
    await reserve(run, call)
    await settleLostCalls(platform.database, 100)
    expect(await booksOf(platform, budget.id)).toMatchObject({ reserved_nanos: 60 })
    await expireLease(platform, run)
    for (let times = 0; times < 2; times++) await settleLostCalls(platform.database, 100)
    expect(await booksOf(platform, budget.id)).toMatchObject({ spent_nanos: 60, reserved_nanos: 0, spent_requests: 1 })
    const lost = { id: call.id, outcome: 'lost', estimated: true, costNanos: 60 }
    expect((await listUsage(owner, { limit: 10 })).items).toMatchObject([lost])

    for (let times = 0; times < 2; times++) await settle(run, cameTo(call, 'answered', 20))
    await settleLostCalls(platform.database, 100)
    expect(await booksOf(platform, budget.id)).toMatchObject({ spent_nanos: 20, spent_tokens: 40, spent_requests: 1 })
    const answered = { id: call.id, outcome: 'answered', estimated: false, costNanos: 20 }
    expect((await listUsage(owner, { limit: 10 })).items).toMatchObject([answered])
    const { ledger, runs } = await ledgerOf(platform, tenant)
    expect(runs).toEqual({ cost: ledger.cost, tokens: ledger.tokens })
  })

  test('is settled before another is refused for it', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const [dead, alive] = [await hold(), await hold()]
    const call = callOf(100)
    await reserve(dead, call)
    await expireLease(platform, dead)
    // In full, so it still does not fit; but now it is spent, and nothing is reserved.
    expect(await reserve(alive, callOf(50))).toMatchObject({ outcome: 'budget_exceeded', refusal: { taken: 100 } })
    expect(await booksOf(platform, budget.id)).toMatchObject({ spent_nanos: 100, reserved_nanos: 0 })
    await settle(dead, cameTo(call, 'broken', 30))
    expect(await reserve(alive, callOf(50))).toMatchObject({ outcome: 'granted' })
  })

  test('is one of a run that another worker holds now, too', async () => {
    const budget = await newBudget(owner, { name: 'day', limitNanos: 100 })
    const run = await hold()
    await reserve(run, callOf(30))
    await expireLease(platform, run)
    const [again] = await claimRuns(platform.database, { worker: 'w2', limit: 1, leaseMs: 60_000 })
    if (!again) throw new Error('nothing was claimed')
    await reserve(again, callOf(40))
    await settleLostCalls(platform.database, 100)
    expect(await booksOf(platform, budget.id)).toMatchObject({ spent_nanos: 30, reserved_nanos: 40 })
  })

  test('is final in the ledger once it was corrected', async () => {
    const [run, call] = [await hold(), callOf(60)]
    await reserve(run, call)
    await settle(run, cameTo(call, 'answered', 20))
    const rewrite = platform.asSuperuser('update usage_records set cost_nanos = 0 where id = $1', [call.id])
    await expect(rewrite).rejects.toThrow('is final')
  })
})
