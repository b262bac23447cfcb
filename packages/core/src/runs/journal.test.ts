import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startChildRun } from './child-runs.ts'
import { type ClaimedRun, claimRuns, renewLeases } from './claim-runs.ts'
import { cancelRun, redriveRun } from './control-run.ts'
import { finishRun, suspendRun } from './end-run.ts'
import { getRun } from './get-run.ts'
import { appendEvents, appendShared, readJournal } from './journal.ts'
import { LeaseLostError } from './lease.ts'
import { startRun } from './start-run.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await createTestPlatform()
})
afterAll(() => platform.close())
beforeEach(() => platform.asSuperuser(`update agent_runs set status = 'cancelled', worker = null`))

const owner = () => platform.caller(platform.acme)
const event = (name: string) => ({ type: 'step.finished', data: { step: `step:${name}:1`, name, output: 1 } }) as const

async function start(): Promise<string> {
  const input = { agent: 'assistant', message: 'hello', environment: 'production', metadata: {} } as const
  return (await startRun(owner(), input)).runId
}

async function claim(worker = 'w1', maxCrashes = 5): Promise<ClaimedRun[]> {
  return claimRuns(platform.database, { worker, limit: 10, leaseMs: 60_000, maxCrashes })
}

async function claimOne(): Promise<ClaimedRun> {
  await start()
  const [run] = await claim()
  if (!run) throw new Error('nothing was claimed')
  return run
}

const append = (run: ClaimedRun, name = 'a') => ({ lease: run.lease, after: run.lastSeq, events: [event(name)] })
const end = (run: ClaimedRun, status: 'succeeded' | 'failed') =>
  finishRun(platform.database, run.lease, {
    after: run.lastSeq,
    events: [
      status === 'succeeded'
        ? { type: 'run.succeeded', data: { output: 'done' } }
        : { type: 'run.failed', data: { error: { code: 'program_failed', message: 'it failed' } } },
    ],
    status,
    output: null,
    error: status === 'failed' ? { code: 'program_failed', message: 'it failed' } : null,
    messages: [],
    hasParent: run.parentRunId !== null,
  })
const startChild = (parent: ClaimedRun, step = 'child:1') =>
  startChildRun(platform.database, parent, {
    id: uuidv7(),
    step,
    agent: 'assistant',
    message: 'help',
    deadlineMs: 60_000,
  })

describe('a claim', () => {
  test('takes a run that is overdue by months, so that it can be ended', async () => {
    const id = await start()
    await platform.asSuperuser(`update agent_runs set deadline_at = now() - interval '200 days' where id = '${id}'`)
    const [run] = await claim()
    expect(run).toMatchObject({ lease: { runId: id }, deadlineInMs: -1 })
  })

  test('reads a version that a newer release gave further limits', async () => {
    await platform.asSuperuser(`update agent_templates set limits = limits || '{"maxDreams": 3}'`)
    expect(await claimOne()).toMatchObject({ limits: { maxSteps: 40 } })
  })

  test('ends a run whose workers died too often, wakes its parent and calls off its children', async () => {
    const parent = await claimOne()
    const child = await startChild(parent)
    if (!('runId' in child)) throw new Error(child.outcome)
    await suspendRun(platform.database, parent.lease, { after: parent.lastSeq, events: [] }, [
      { step: 'child:1', kind: 'child', until: null, runId: child.runId },
    ])
    const [claimedChild] = await claim()
    const grandchild = claimedChild && (await startChild(claimedChild))
    await platform.asSuperuser(
      `update agent_runs set crashes = 4, available_at = now() - interval '1 s' where id = '${child.runId}'`,
    )
    const claimed = await claim('w2')
    expect(claimed.find(({ lease }) => lease.runId === parent.lease.runId)).toBeDefined()
    expect(await getRun(owner(), child.runId)).toMatchObject({ status: 'failed', error: { code: 'worker_lost' } })
    const lastChild = claimed.find(
      ({ lease }) => grandchild && 'runId' in grandchild && lease.runId === grandchild.runId,
    )
    expect(lastChild?.cancelRequestedBy).toBe(`run:${child.runId}`)
  })
})

describe('the fence', () => {
  test('a worker that lost its lease can neither append, nor finish, nor start a child', async () => {
    const stale = await claimOne()
    await platform.asSuperuser(
      `update agent_runs set available_at = now() - interval '1 s' where id = '${stale.lease.runId}'`,
    )
    const [current] = await claim('w2')
    expect(current?.lease.token).toBe(stale.lease.token + 1)
    const before = await readJournal(platform.database, stale.lease, 0, 100)
    await expect(appendEvents(platform.database, stale.lease, append(stale))).rejects.toThrow(LeaseLostError)
    await expect(end(stale, 'succeeded')).rejects.toThrow(LeaseLostError)
    expect(await appendShared(platform.database, stale.lease.tenantId, [append(stale)])).toEqual(new Map())
    expect(await startChild(stale)).toEqual({ outcome: 'lease_lost' })
    expect(await renewLeases(platform.database, 'w1', 60_000, [stale.lease.runId])).toEqual([])
    expect(await readJournal(platform.database, stale.lease, 0, 100)).toEqual(before)
  })

  test('a run that has ended starts no child', async () => {
    const run = await claimOne()
    await end(run, 'succeeded')
    expect(await startChild(run)).toEqual({ outcome: 'lease_lost' })
  })

  test('an append that was committed although its caller was told otherwise is not made twice', async () => {
    const run = await claimOne()
    await appendEvents(platform.database, run.lease, append(run))
    await appendEvents(platform.database, run.lease, append(run))
    const shared = await appendShared(platform.database, run.lease.tenantId, [append(run)])
    expect(shared.get(run.lease.runId)).toEqual({ cancelRequestedBy: null })
    expect((await readJournal(platform.database, run.lease, 0, 100)).map(({ type }) => type)).toEqual([
      'run.created',
      'run.started',
      'step.finished',
    ])
  })

  test('an end that was committed although its caller was told otherwise is not made twice', async () => {
    const run = await claimOne()
    await end(run, 'succeeded')
    await end(run, 'succeeded')
    const types = (await readJournal(platform.database, run.lease, 0, 100)).map(({ type }) => type)
    expect(types.filter((type) => type === 'run.succeeded')).toHaveLength(1)
  })

  test('of appends that share a commit, a refused one leaves the others alone', async () => {
    await start()
    await start()
    const [good, bad] = await claim()
    if (!good || !bad) throw new Error('two runs were expected')
    const refused = { ...append(bad), lease: { ...bad.lease, token: bad.lease.token + 7 } }
    const appended = await appendShared(platform.database, good.lease.tenantId, [append(good), refused])
    expect([...appended.keys()]).toEqual([good.lease.runId])
    expect(await readJournal(platform.database, bad.lease, 2, 100)).toEqual([])
  })
})

describe('a family of runs', () => {
  test('a redriven parent finds the children that its failure cancelled as it left them', async () => {
    const parent = await claimOne()
    const child = await startChild(parent)
    if (!('runId' in child)) throw new Error(child.outcome)
    await end(parent, 'failed')
    expect(await getRun(owner(), child.runId)).toMatchObject({ status: 'cancelled' })
    await redriveRun(owner(), parent.lease.runId)
    expect(await getRun(owner(), child.runId)).toMatchObject({ status: 'queued', attempt: 2 })
  })

  test('a child that a person cancelled stays cancelled when its parent is redriven', async () => {
    const parent = await claimOne()
    const child = await startChild(parent)
    if (!('runId' in child)) throw new Error(child.outcome)
    await cancelRun(owner(), child.runId)
    await end(parent, 'failed')
    await redriveRun(owner(), parent.lease.runId)
    expect(await getRun(owner(), child.runId)).toMatchObject({ status: 'cancelled' })
  })

  test('waiting forgives the crashes before it', async () => {
    const run = await claimOne()
    await platform.asSuperuser(`update agent_runs set crashes = 3 where id = '${run.lease.runId}'`)
    const waits = [{ step: 'timer:1', kind: 'timer', until: new Date().toISOString() }] as const
    await suspendRun(platform.database, run.lease, { after: run.lastSeq, events: [] }, waits)
    const [row] = await platform.asSuperuser<{ crashes: number }>(
      `select crashes from agent_runs where id = '${run.lease.runId}'`,
    )
    expect(row?.crashes).toBe(0)
  })
})
