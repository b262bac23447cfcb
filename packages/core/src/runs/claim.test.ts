import { type IsolationTier, runPriorities } from '@freehold/contracts'
import {
  createTestPlatform,
  type PostgresServer,
  startPostgres,
  type TestPlatform,
  type TestTenant,
} from '@freehold/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { claimSome, finishClaimed, queueRuns } from './claim.fixture.ts'
import { type ClaimedRun, claimRuns } from './claim-runs.ts'

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
beforeEach(async () => {
  await platform.asSuperuser(`update agent_runs set status = 'cancelled', worker = null where finished_at is null`)
})

const claim = (limit: number) => claimSome(platform, limit)
const finish = (run: ClaimedRun) => finishClaimed(platform, run)
const queue = (tenant: TestTenant, priorities: readonly number[]) => queueRuns(platform, tenant, priorities)

async function setPlan(tenant: TestTenant, weight: number, maxRunningRuns: number): Promise<void> {
  await platform.asSuperuser(
    `insert into plans values ($1, $2, $3, 10000)
       on conflict (name) do update set weight = excluded.weight, max_running_runs = excluded.max_running_runs`,
    [`plan-${tenant.id}`, weight, maxRunningRuns],
  )
  await platform.asSuperuser(`update tenants set plan = $1, last_claimed_at = null where id = $2`, [
    `plan-${tenant.id}`,
    tenant.id,
  ])
}

describe('within a tenant', () => {
  test('the highest priority goes first, then the oldest', async () => {
    const low = runPriorities.indexOf('low')
    const normal = runPriorities.indexOf('normal')
    const high = runPriorities.indexOf('high')
    await queue(platform.acme, [low, normal, high, normal, high, low])
    const order: string[] = []
    for (let count = 0; count < 3; count += 1) order.push(...(await claim(2)).map(({ metadata }) => metadata.n ?? ''))
    expect(order).toEqual(['3', '5', '2', '4', '1', '6'])
  })
})

describe('a worker', () => {
  const claimAs = (isolation?: readonly IsolationTier[]) =>
    claimRuns(platform.database, { worker: 'worker', limit: 10, leaseMs: 60_000, ...(isolation && { isolation }) })
  const tenantsOf = (runs: readonly ClaimedRun[]) => new Set(runs.map(({ lease }) => lease.tenantId))

  test('takes runs of the isolation tiers that it serves only, and of all where it was told none', async () => {
    const { acme, globex } = platform
    await setPlan(acme, 1, 100)
    await setPlan(globex, 1, 100)
    await platform.asSuperuser(`update plans set isolation = 'dedicated' where name = $1`, [`plan-${globex.id}`])
    await queue(acme, [1, 1])
    await queue(globex, [1, 1, 1])
    expect(await claimAs(['namespace'])).toEqual([])
    expect(tenantsOf(await claimAs(['shared', 'namespace']))).toEqual(new Set([acme.id]))
    const [one] = await claimAs(['dedicated'])
    expect(one?.lease.tenantId).toBe(globex.id)
    await queue(acme, [1])
    await queue(globex, [1])
    expect(tenantsOf(await claimAs())).toEqual(new Set([acme.id, globex.id]))
  })
})

interface Share {
  tenant: TestTenant
  weight: number
  cap: number
  /** Priorities of what is queued, by number. */
  queued: Map<string, number>
  running: ClaimedRun[]
  /** How often each other tenant was served while this one could have been and had nothing running. */
  passedOver: Map<string, number>
}

const roomOf = ({ cap, queued, running }: Share) => Math.min(queued.size, cap - running.length)

/** Takes what was claimed from the queue of its tenant, and checks that nothing there should have gone before it. */
function take(share: Share, run: ClaimedRun): void {
  const number = run.metadata.n ?? ''
  const priority = share.queued.get(number) ?? Number.NaN
  share.queued.delete(number)
  for (const [other, otherPriority] of share.queued) {
    expect(otherPriority < priority || (otherPriority === priority && Number(other) > Number(number))).toBe(true)
  }
  share.running.push(run)
}

function notePassedOver(shares: readonly Share[], served: Share): void {
  served.passedOver.clear()
  for (const share of shares) {
    if (share === served) continue
    if (share.running.length > 0 || roomOf(share) === 0) share.passedOver.clear()
    else share.passedOver.set(served.tenant.id, (share.passedOver.get(served.tenant.id) ?? 0) + 1)
  }
}

function checkClaim(shares: readonly Share[], limit: number, claimed: readonly ClaimedRun[]): void {
  const room = shares.reduce((sum, share) => sum + roomOf(share), 0)
  expect(claimed).toHaveLength(Math.min(limit, room))
  const servedFirst = claimed.map(({ lease }) => shares.find(({ tenant }) => tenant.id === lease.tenantId))
  const served = new Set(servedFirst.filter((share) => share !== undefined))
  for (const share of served) {
    const own = claimed.filter(({ lease }) => lease.tenantId === share.tenant.id)
    for (const run of own.toSorted((a, b) => rank(share, a) - rank(share, b))) take(share, run)
  }
  for (const share of served) notePassedOver(shares, share)
  for (const share of shares) {
    expect(share.running.length).toBeLessThanOrEqual(share.cap)
    expect(Math.max(0, ...share.passedOver.values())).toBeLessThanOrEqual(1)
    if (roomOf(share) === 0) continue
    // No slot that was just given out would have made the shares more even elsewhere.
    for (const other of served) {
      expect((other.running.length - 1) / other.weight).toBeLessThanOrEqual(share.running.length / share.weight)
    }
  }
}

function rank({ queued }: Share, { metadata }: ClaimedRun): number {
  return -(queued.get(metadata.n ?? '') ?? 0) * 1_000 + Number(metadata.n)
}

describe('between tenants', () => {
  const tenants: TestTenant[] = []
  beforeAll(async () => {
    for (let count = 0; count < 5; count += 1) tenants.push(await platform.createTenant(`tenant ${count}`))
  })

  const wanted = fc.record({
    weight: fc.integer({ min: 1, max: 5 }),
    cap: fc.integer({ min: 1, max: 8 }),
    priorities: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 }),
  })
  /** Claims so many slots, or frees one of those that are taken. */
  const action = fc.oneof(
    fc.record({ kind: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ kind: fc.constant('finish' as const), which: fc.nat() }),
  )

  test('shares are weighted fair to one slot, caps hold, slots are not left idle, and nobody starves', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(wanted, { minLength: 2, maxLength: 5 }),
        fc.array(action, { minLength: 5, maxLength: 30 }),
        async (wishes, actions) => {
          await platform.asSuperuser(`update agent_runs set status = 'cancelled' where finished_at is null`)
          const shares: Share[] = []
          for (const [index, { weight, cap, priorities }] of wishes.entries()) {
            const tenant = tenants[index]
            if (!tenant) throw new Error('there are too few tenants')
            await setPlan(tenant, weight, cap)
            await queue(tenant, priorities)
            const queued = new Map(priorities.map((priority, n) => [String(n + 1), priority]))
            shares.push({ tenant, weight, cap, queued, running: [], passedOver: new Map() })
          }
          for (const step of actions) {
            if (step.kind === 'claim') checkClaim(shares, step.limit, await claim(step.limit))
            else await finishOne(shares, step.which)
          }
        },
      ),
      { numRuns: 40 },
    )
  }, 120_000)

  async function finishOne(shares: readonly Share[], which: number): Promise<void> {
    const running = shares.flatMap((share) => share.running.map((run) => ({ share, run })))
    const chosen = running[which % Math.max(1, running.length)]
    if (!chosen) return
    await finish(chosen.run)
    chosen.share.running.splice(chosen.share.running.indexOf(chosen.run), 1)
  }

  test('one with little work and a small weight gets a slot although another could fill all of them', async () => {
    const [small, large] = tenants
    if (!small || !large) throw new Error('there are too few tenants')
    await setPlan(small, 1, 10)
    await setPlan(large, 100, 100)
    await queue(
      large,
      Array.from({ length: 20 }, () => 2),
    )
    await queue(small, [0, 0])
    const served: string[] = []
    for (let count = 0; count < 4; count += 1) {
      const [run] = await claim(1)
      if (!run) throw new Error('nothing was claimed')
      served.push(run.lease.tenantId)
      await finish(run)
    }
    expect(served.filter((id) => id === small.id)).toHaveLength(2)
  })
})

describe('the cost of a claim', () => {
  /** Copies a run, with its head, into a backlog. Nothing is analyzed, as in a queue that has just filled. */
  async function pile(count: number, status: string, priority: number, available: string): Promise<void> {
    await platform.asSuperuser(
      `with model as (select * from agent_runs where tenant_id = $1 and message = 'the model' limit 1), run as (
         insert into agent_runs (tenant_id, id, template_id, agent, version, environment, thread_id, started_by, request_id,
             message, metadata, deadline_ms, deadline_at, root_run_id, principal, status, priority, available_at)
           select m.tenant_id, run_id, m.template_id, m.agent, m.version, m.environment, m.thread_id, m.started_by,
                  m.request_id, 'piled up', m.metadata, m.deadline_ms, m.deadline_at, run_id, m.principal, $2, $3,
                  now() + $4::interval
             from model m, (select gen_random_uuid() as run_id from generate_series(1, $5)) ids
         returning tenant_id, id
       )
       insert into run_heads (tenant_id, run_id, last_seq) select tenant_id, id, 1 from run`,
      [platform.acme.id, status, priority, available, count],
    )
  }

  /** Pages that a claim of ten runs touched. */
  async function pagesOfClaim(): Promise<number> {
    const [row] = await platform.asSuperuser<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
      `explain (analyze, buffers, format json) select * from door_claim_runs('worker', 10, 60000, false, false)`,
    )
    const plan = row?.['QUERY PLAN'][0].Plan ?? {}
    expect(plan['Actual Rows']).toBe(10)
    return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0)
  }

  beforeEach(async () => {
    await platform.asSuperuser(`update plans set max_running_runs = 1000`)
    await platform.asSuperuser(`update agent_runs set message = 'the model' where tenant_id = $1`, [platform.acme.id])
    await queue(platform.acme, [1])
    await platform.asSuperuser(
      `update agent_runs set message = 'the model', status = 'cancelled' where tenant_id = $1 and status = 'queued'`,
      [platform.acme.id],
    )
  })

  test('is the same in pages behind 100 runs and behind 50,000, whatever their priority', async () => {
    await pile(100, 'queued', 1, '-1 hour')
    await pagesOfClaim() // reads the catalogue
    const short = await pagesOfClaim()
    await pile(50_000, 'queued', 1, '-1 hour')
    await pile(10_000, 'queued', 2, '-1 hour')
    await pagesOfClaim()
    const long = await pagesOfClaim()
    await platform.asSuperuser('vacuum analyze')
    await pagesOfClaim()
    const known = await pagesOfClaim()
    console.log(
      `pages of a claim of ten runs: ${short} behind 100 runs, ${long} behind 60,000, ${known} with statistics`,
    )
    expect(long).toBeLessThan(short * 1.5)
    expect(known).toBeLessThan(short * 1.5)
  }, 120_000)

  test('does not grow with runs of a higher priority that wait or run', async () => {
    await pile(100, 'queued', 1, '-1 hour')
    await pagesOfClaim()
    const alone = await pagesOfClaim()
    await pile(30_000, 'waiting', 2, '1 hour')
    await pile(20_000, 'queued', 2, '1 hour')
    await pile(100, 'running', 2, '1 hour')
    await pagesOfClaim()
    const among = await pagesOfClaim()
    console.log(`pages of a claim of ten runs: ${alone} alone, ${among} among 50,000 that wait`)
    expect(among).toBeLessThan(alone * 1.5)
  }, 120_000)
})
