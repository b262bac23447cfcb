import { setImmediate } from 'node:timers/promises'
import { type ClaimedRun, claimRuns } from '@freehold/core'
import {
  type PostgresServer,
  startPostgres,
  startTestEngine,
  type TestEngine,
  tapDatabase,
  waitFor,
} from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { defineProgram, type ProgramRun } from '../index.ts'

let postgres: PostgresServer
let engine: TestEngine
let execute: (run: ProgramRun) => Promise<unknown>

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

beforeEach(async () => {
  execute = async () => 'done'
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [
      defineProgram('scripted', (run) => execute(run)),
      defineProgram('parent', (run) => run.delegate({ agent: 'scripted', message: 'go' })),
    ],
  })
})
afterEach(() => engine[Symbol.asyncDispose]())

function claim(worker: string, limit: number): Promise<ClaimedRun[]> {
  return claimRuns(engine.database, { worker, limit, leaseMs: 60_000 })
}

async function queue(count: number, caller = engine.caller): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => engine.start('scripted', { caller })))
}

async function liftCaps(): Promise<void> {
  await engine.sql('update plans set max_running_runs = 10000')
}

describe('claiming', () => {
  it('workers that claim at the same time never get the same run, and together get all', async () => {
    await liftCaps()
    await queue(120)
    const claimed: string[] = []
    await Promise.all(
      Array.from({ length: 6 }, async (_, worker) => {
        for (;;) {
          const runs = await claim(`worker-${worker}`, 7)
          claimed.push(...runs.map(({ lease }) => lease.runId))
          if (runs.length === 0) return
        }
      }),
    )
    expect(claimed).toHaveLength(120)
    expect(new Set(claimed).size).toBe(120)
  })

  it("five runs of one tenant are claimed early, behind another tenant's five hundred", async () => {
    await liftCaps()
    const globex = await engine.newTenant('globex')
    await engine.newAgent(globex, 'scripted')
    await queue(500)
    await queue(5, globex)
    const order: string[] = []
    for (let count = 0; count < 5; count += 1) {
      for (const { lease } of await claim('worker', 4)) order.push(lease.tenantId)
    }
    const ofGlobex = order.flatMap((tenantId, index) => (tenantId === globex.tenantId ? [index] : []))
    expect(ofGlobex).toHaveLength(5)
    expect(Math.max(...ofGlobex)).toBeLessThan(12)
  })

  it('idle workers ask the database a few times a second, however many hints there are', async () => {
    const tapped = tapDatabase(engine.database)
    for (let count = 0; count < 3; count += 1) await engine.worker({ database: tapped.database, pollMs: 60_000 })
    const startedAt = performance.now()
    for (let hints = 0; hints < 2_000 || performance.now() - startedAt < 500; hints += 1) {
      engine.bus.publish({ kind: 'work' })
      await setImmediate()
    }
    // Pauses of 5, 10, 20, 40, 80 and then 100 ms.
    const tookMs = performance.now() - startedAt
    expect(tapped.calls.filter((name) => name === 'claim-runs').length).toBeLessThanOrEqual(3 * (7 + tookMs / 100))
    const runId = await engine.start('scripted')
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
  })

  it('the cap of a tenant is exact, whoever claims', async () => {
    await engine.sql('update plans set max_running_runs = 3')
    await queue(20)
    const claims = await Promise.all(Array.from({ length: 8 }, (_, worker) => claim(`worker-${worker}`, 5)))
    expect(claims.flat()).toHaveLength(3)
    expect(await claim('late', 5)).toEqual([])
  })

  it('all runs of a tenant with a cap of two end, two at a time', async () => {
    await engine.sql('update plans set max_running_runs = 2')
    let running = 0
    let most = 0
    execute = (run) =>
      run.step('count', async () => {
        running += 1
        most = Math.max(most, running)
        await engine.sql('select 1')
        running -= 1
      })
    await queue(12)
    await engine.worker()
    await engine.worker()
    await waitFor(async () => {
      const [row] = await engine.sql<{ count: string }>(`select count(*) from agent_runs where status = 'succeeded'`)
      return row?.count === '12'
    })
    expect(most).toBe(2)
  })
})

describe('a run that keeps killing its worker', () => {
  it('ends as worker_lost after its last attempt, and wakes its parent', async () => {
    const worker = await engine.worker()
    const parentId = await engine.start('parent')
    execute = () => new Promise(() => {})
    const child = await engine.until(parentId, ({ type }) => type === 'child.started')
    await engine.until(parentId, ({ type }) => type === 'run.waiting')
    await worker.stop(0)
    const childId = child.type === 'child.started' ? child.data.runId : ''
    for (let crash = 1; crash <= 4; crash += 1) {
      const [run] = await claim(`doomed-${crash}`, 1)
      expect(run?.lease.runId).toBe(childId)
      await engine.expireLeases()
      // The second time it is put off for a while, and so on.
      if (crash > 1) expect(await claim('later', 1)).toEqual([])
      await engine.skipBackoff()
    }
    const [run] = await claim('doomed-5', 1)
    expect(run).toMatchObject({ attempt: 5 })
    await engine.expireLeases()
    await engine.worker()
    expect(await engine.ended(childId)).toMatchObject({
      type: 'run.failed',
      data: { error: { code: 'worker_lost', message: expect.stringContaining('attempt 5') } },
    })
    expect(await engine.ended(parentId)).toMatchObject({
      type: 'run.succeeded',
      data: { output: { status: 'failed', error: { code: 'worker_lost' } } },
    })
  })

  it('takes its children with it', async () => {
    await engine.worker()
    execute = (run) => run.sleep(600_000)
    const parentId = await engine.start('parent')
    const child = await engine.until(parentId, ({ type }) => type === 'child.started')
    await engine.until(parentId, ({ type }) => type === 'run.waiting')
    const childId = child.type === 'child.started' ? child.data.runId : ''
    await engine.until(childId, ({ type }) => type === 'run.waiting')
    // As if the parent's worker had died for the fifth time.
    await engine.sql(
      `update agent_runs set status = 'running', failed_attempts = 4, available_at = now() where id = $1`,
      [parentId],
    )
    expect(await engine.ended(parentId)).toMatchObject({ data: { error: { code: 'worker_lost' } } })
    expect(await engine.ended(childId)).toMatchObject({ type: 'run.cancelled' })
  })
})

describe('leases', () => {
  it('are renewed while a run is at work, however long it takes', async () => {
    const held = Promise.withResolvers<void>()
    execute = (run) => run.step('long', () => held.promise)
    const leaseMs = 6_000
    await engine.worker({ leaseMs })
    await engine.worker({ leaseMs })
    const runId = await engine.start('scripted')
    const endOf = async () => {
      const [row] = await engine.sql<{ at: Date }>('select available_at as at from agent_runs where id = $1', [runId])
      return row?.at.getTime() ?? 0
    }
    await engine.until(runId, ({ type }) => type === 'run.started')
    const first = await endOf()
    // Renewed every third of a lease, so this takes two of them.
    await waitFor(async () => (await endOf()) > first + leaseMs / 3)
    held.resolve()
    await engine.ended(runId)
    expect((await engine.journal(runId)).filter(({ type }) => type === 'run.resumed')).toHaveLength(0)
  })

  it('of a run that its worker gave up run out, although the worker is busy with others', async () => {
    const tap = tapDatabase(engine.database)
    const held = Promise.withResolvers<void>()
    execute = async (run) => {
      if (run.message === 'busy') return run.step('long', () => held.promise)
      return run.step('short', () => 1)
    }
    await engine.worker({ database: tap.database, leaseMs: 600 })
    const busy = await engine.start('scripted', { message: 'busy' })
    await engine.until(busy, ({ type }) => type === 'run.started')
    let failures = 1
    tap.before = (name) => {
      if (name === 'finish-run' && failures-- > 0) throw new Error('a fault that is not transient')
    }
    const given = await engine.start('scripted')
    expect(await engine.ended(given)).toMatchObject({ type: 'run.succeeded' })
    held.resolve()
    await engine.ended(busy)
  })

  it('of a run that was claimed without its worker hearing of it run out', async () => {
    const tap = tapDatabase(engine.database)
    const held = Promise.withResolvers<void>()
    execute = (run) => (run.message === 'busy' ? run.step('long', () => held.promise) : Promise.resolve(1))
    await engine.worker({ database: tap.database, leaseMs: 600 })
    const busy = await engine.start('scripted', { message: 'busy' })
    await engine.until(busy, ({ type }) => type === 'run.started')
    const runId = await engine.start('scripted')
    await engine.ended(runId)
    let cuts = 1
    tap.after = (name) => {
      if (name === 'claim-runs' && cuts-- > 0) throw new Error('the answer was lost')
    }
    const lost = await engine.start('scripted')
    expect(await engine.ended(lost)).toMatchObject({ type: 'run.succeeded' })
    held.resolve()
    await engine.ended(busy)
  })

  it('a worker that was paused past its lease does not take its own runs for those of a dead one', async () => {
    const tap = tapDatabase(engine.database)
    const held = Promise.withResolvers<void>()
    execute = (run) => run.step('long', () => held.promise)
    await engine.worker({ database: tap.database, leaseMs: 300 })
    const runId = await engine.start('scripted')
    await engine.until(runId, ({ type }) => type === 'run.started')
    let paused = true
    tap.before = (name) => {
      if (paused && (name === 'renew-leases' || name === 'claim-runs')) throw new Error('paused')
    }
    await waitFor(async () => {
      const [row] = await engine.sql<{ over: boolean }>('select available_at < now() as over from agent_runs')
      return row?.over
    })
    tap.calls.length = 0
    paused = false
    await waitFor(() => tap.calls.filter((name) => name === 'claim-runs').length > 3)
    held.resolve()
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
    expect(await engine.run(runId)).toMatchObject({ attempt: 1 })
  })
})
