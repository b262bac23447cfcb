import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startChildRun } from './child-runs.ts'
import { finishClaimed } from './claim.fixture.ts'
import { type ClaimedRun, claimRuns } from './claim-runs.ts'
import { decideRun } from './control-run.ts'
import { suspendRun, type Wait } from './end-run.ts'
import { startRun } from './start-run.ts'

const hourMs = 3_600_000
const workMs = 60_000

let platform: TestPlatform
beforeAll(async () => {
  platform = await createTestPlatform()
})
afterAll(() => platform.close())
beforeEach(() => platform.asSuperuser(`update agent_runs set status = 'cancelled', worker = null`))

const claim = () => claimRuns(platform.database, { worker: 'w', limit: 10, leaseMs: 10 * hourMs })

async function claimOne(): Promise<ClaimedRun> {
  const [run, ...others] = await claim()
  if (!run || others.length > 0) throw new Error('exactly one run was to be due')
  return run
}

async function begin(): Promise<ClaimedRun> {
  const input = { agent: 'assistant', message: 'hello', environment: 'production', metadata: {} } as const
  await startRun(platform.caller(platform.acme), { ...input, deadlineMs: workMs })
  return claimOne()
}

async function delegate(parent: ClaimedRun): Promise<ClaimedRun> {
  const child = { id: uuidv7(), step: 'child:1', agent: 'assistant', message: 'help', deadlineMs: parent.deadlineInMs }
  await startChildRun(platform.database, parent, child)
  return claimOne()
}

function wait(run: ClaimedRun, ...waits: Wait[]): Promise<void> {
  const events = [{ type: 'run.waiting', data: { waits } }] as const
  return suspendRun(platform.database, run.lease, { after: run.lastSeq, events: [...events] }, waits)
}

const person = { step: 'tool:1', kind: 'decision', until: null } as const
const childOf = ({ lease: { runId } }: ClaimedRun) => ({ step: 'child:1', kind: 'child', until: null, runId }) as const

/** Lets time pass, as every moment that the runs know of was so much earlier. */
const pass = (ms: number) =>
  platform.asSuperuser(
    `update agent_runs r set deadline_at = deadline_at - passed, clock_stopped_at = clock_stopped_at - passed,
            available_at = available_at - passed
       from (select $1 * interval '1 millisecond' as passed) p`,
    [ms],
  )

const decide = ({ lease: { runId } }: ClaimedRun) =>
  decideRun(platform.caller(platform.acme), runId, { step: person.step, decision: 'retry' })

/** What is left of the time that a run has to work, between these. */
function expectLeft(run: ClaimedRun, leastMs: number, mostMs: number): void {
  expect(run.deadlineInMs).toBeGreaterThan(leastMs)
  expect(run.deadlineInMs).toBeLessThanOrEqual(mostMs)
}

describe('the clock of a run', () => {
  test('stands still while it waits for people', async () => {
    const run = await begin()
    await pass(20_000)
    await wait(run, person)
    await pass(5 * hourMs)
    expect(await claim()).toEqual([])
    await decide(run)
    const resumed = await claimOne()
    expect(resumed.lease.runId).toBe(run.lease.runId)
    expectLeft(resumed, 30_000, 40_000)
  })

  test('goes on while it waits for a time', async () => {
    await wait(await begin(), { step: 'timer:1', kind: 'timer', until: new Date(Date.now() + hourMs).toISOString() })
    await pass(2 * workMs)
    expect(await claimOne()).toMatchObject({ deadlineInMs: -1 })
  })

  test('goes on while it waits for a run that works', async () => {
    const parent = await begin()
    await wait(parent, childOf(await delegate(parent)))
    await pass(2 * workMs)
    const { lease, deadlineInMs } = await claimOne()
    expect(lease.runId).toBe(parent.lease.runId)
    expect(deadlineInMs).toBeLessThanOrEqual(0)
  })

  test.each(['before', 'after'])('stands still for a run that waits for people, %s it did', async (order) => {
    const parent = await begin()
    const child = await delegate(parent)
    if (order === 'before') await wait(parent, childOf(child))
    const grandchild = await delegate(child)
    await wait(child, childOf(grandchild))
    await wait(grandchild, person)
    if (order === 'after') await wait(parent, childOf(child))
    // Those that waited first look once, at what was their deadline, and see that it has moved.
    for (let hours = 0; hours < 3; hours += 1) {
      await pass(hourMs)
      for (const woken of await claim()) {
        expectLeft(woken, 0, workMs)
        await wait(woken, childOf(woken.lease.runId === parent.lease.runId ? child : grandchild))
      }
      expect(await claim()).toEqual([])
    }
    await decide(grandchild)
    for (const run of [grandchild, child, parent]) {
      const resumed = await claimOne()
      expect(resumed.lease.runId).toBe(run.lease.runId)
      expectLeft(resumed, 30_000, workMs)
      await finishClaimed(platform, resumed)
    }
  })
})
