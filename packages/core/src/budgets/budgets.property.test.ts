import { createTestPlatform, type PostgresServer, startPostgres, type TestPlatform } from '@freehold/testkit'
import fc from 'fast-check'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClaimedRun, claimRuns } from '../runs/claim-runs.ts'
import { LeaseLostError } from '../runs/lease.ts'
import { callOf, cameTo, expireLease, holdRun, ledgerOf, newBudget } from './books.fixture.ts'
import { type CallToReserve, reserveCall, settleCall, settleLostCalls } from './metered-calls.ts'

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

type Action =
  | { kind: 'reserve'; run: number; costNanos: number }
  /** A share of the worst case, in percent. */
  | { kind: 'settle'; call: number; outcome: 'answered' | 'broken' | 'unanswered'; percent: number }
  | { kind: 'die'; run: number }
  | { kind: 'claim' }
  | { kind: 'settle-lost' }

const users = ['alice', 'bob', undefined]
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('reserve' as const), run: fc.nat(2), costNanos: fc.nat(60) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      call: fc.nat(20),
      outcome: fc.constantFrom('answered', 'broken', 'unanswered'),
      percent: fc.nat(100),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), run: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'claim' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'settle-lost' as const }) },
)

/** Does actions of one tenant, as its workers would. */
async function openStage() {
  const tenant = await platform.createTenant(`tenant ${uuidv7()}`)
  const owner = platform.caller(tenant)
  await newBudget(owner, { name: 'tenant', limitNanos: 200 })
  await newBudget(owner, { name: 'users', scope: { kind: 'user', id: null }, tokenLimit: 250, requestLimit: 6 })
  await newBudget(owner, { name: 'alice', scope: { kind: 'user', id: 'alice' }, period: 'month', limitNanos: 90 })
  await newBudget(owner, { name: 'runs', scope: { kind: 'run', id: null }, period: 'total', limitNanos: 120 })
  const runs = new Map<string, ClaimedRun>()
  for (const user of users) {
    const run = await holdRun(platform, owner, user === undefined ? {} : { user })
    runs.set(run.lease.runId, run)
  }
  const calls: { run: ClaimedRun; call: CallToReserve }[] = []
  const count = { granted: 0, refused: 0 }
  const runAt = (index: number) => [...runs.values()][index] as ClaimedRun

  async function reserve({ run: index, costNanos }: Extract<Action, { kind: 'reserve' }>): Promise<void> {
    const [run, call] = [runAt(index), callOf(costNanos)]
    const reservation = await reserveCall(platform.database, run.lease, call).catch((error) => {
      if (!(error instanceof LeaseLostError)) throw error
    })
    if (reservation?.outcome === 'granted') calls.push({ run, call })
    count[reservation?.outcome === 'granted' ? 'granted' : 'refused']++
  }

  /** Also a second time, and after it was charged as lost. */
  async function settle({ call: index, outcome, percent }: Extract<Action, { kind: 'settle' }>): Promise<void> {
    const { run, call } = calls[index % Math.max(1, calls.length)] ?? {}
    if (!run || !call) return
    const used = outcome === 'unanswered' ? 0 : Math.floor(((call.costNanos ?? 0) * percent) / 100)
    await settleCall(platform.database, run.lease, cameTo(call, outcome, used))
  }

  async function perform(step: Action): Promise<void> {
    if (step.kind === 'reserve') await reserve(step)
    else if (step.kind === 'settle') await settle(step)
    else if (step.kind === 'die') await expireLease(platform, runAt(step.run))
    else if (step.kind === 'settle-lost') await settleLostCalls(platform.database, 100)
    else for (const run of await claim()) runs.set(run.lease.runId, run)
  }

  const claim = async () =>
    (await claimRuns(platform.database, { worker: uuidv7(), limit: 10, leaseMs: 600_000 })).filter(
      ({ lease }) => lease.tenantId === tenant.id,
    )
  return { tenant, runs, count, perform }
}

type Stage = Awaited<ReturnType<typeof openStage>>

async function expectHeld({ tenant }: Stage): Promise<void> {
  const overdrawn = await platform.asSuperuser(
    `select b.name, w.* from budget_windows w join budgets b on b.id = w.budget_id
      where w.tenant_id = $1 and (w.spent_nanos + w.reserved_nanos > b.limit_nanos
        or w.spent_tokens + w.reserved_tokens > b.token_limit or w.spent_requests + w.reserved_requests > b.request_limit)`,
    [tenant.id],
  )
  expect(overdrawn).toEqual([])
  const [books] = await platform.asSuperuser(
    `select coalesce(sum(spent_nanos), 0)::int as cost, coalesce(sum(spent_tokens), 0)::int as tokens,
            coalesce(sum(spent_requests), 0)::int as requests, coalesce(sum(reserved_requests), 0)::int as open
       from budget_windows w join budgets b on b.id = w.budget_id where w.tenant_id = $1 and b.name = 'tenant'`,
    [tenant.id],
  )
  const [open] = await platform.asSuperuser<{ count: number }>(
    `select count(*)::int from budget_reservations where tenant_id = $1 and not lost`,
    [tenant.id],
  )
  const { ledger, runs } = await ledgerOf(platform, tenant)
  expect(books).toEqual({ ...ledger, open: open?.count })
  expect(runs).toEqual({ cost: ledger.cost, tokens: ledger.tokens })
}

test('whatever calls, deaths and late answers come together, no limit is passed and the ledger is what was spent', async () => {
  const total = { granted: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(action, { minLength: 1, maxLength: 8 }), { maxLength: 8 }), async (batches) => {
      const stage = await openStage()
      for (const batch of batches) {
        await Promise.all(batch.map(stage.perform))
        await expectHeld(stage)
      }
      total.granted += stage.count.granted
      total.refused += stage.count.refused
      for (const run of stage.runs.values()) await expireLease(platform, run)
      await settleLostCalls(platform.database, 100)
      await expectHeld(stage)
      const held = `select 1 from budget_windows where tenant_id = $1 and reserved_requests > 0`
      expect(await platform.asSuperuser(held, [stage.tenant.id])).toEqual([])
    }),
    { numRuns: 20 },
  )
  // Or it would have held for want of trying.
  expect(total.granted).toBeGreaterThan(20)
  expect(total.refused).toBeGreaterThan(5)
})
