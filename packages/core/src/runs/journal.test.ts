import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startChildRun } from './child-runs.ts'
import { type ClaimedRun, claimRuns, renewLeases } from './claim-runs.ts'
import { cancelRun, redriveRun, redriveRuns } from './control-run.ts'
import { finishRun, suspendRun } from './end-run.ts'
import { getRun, listRuns } from './get-run.ts'
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

async function claim(worker = 'w1'): Promise<ClaimedRun[]> {
  return claimRuns(platform.database, { worker, limit: 10, leaseMs: 60_000 })
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

  test('of a run whose worker died in its last attempt only hands it over to be ended', async () => {
    const { lease } = await claimOne()
    await platform.asSuperuser(
      `update agent_runs set failed_attempts = 4, attempt = 5, available_at = now() - interval '1 s' where id = '${lease.runId}'`,
    )
    const before = await readJournal(platform.database, lease, 0, 100)
    expect(await claim('w2')).toMatchObject([{ lease: { runId: lease.runId }, attempt: 5, spent: true }])
    expect(await readJournal(platform.database, lease, 0, 100)).toEqual(before)
  })

  test('allows a version from before maxAttempts what the schema gives it', async () => {
    const { lease, limits } = await claimOne()
    await platform.asSuperuser(`update agent_templates set limits = limits - 'maxAttempts'`)
    await platform.asSuperuser(
      `update agent_runs set failed_attempts = $1, worker_deaths = $1, available_at = now() - interval '1 s'`,
      [limits.maxAttempts - 2],
    )
    expect(await claim('w2')).toEqual([])
    await platform.asSuperuser(`update agent_runs set available_at = now() - interval '1 s' where status = 'queued'`)
    expect(await claim('w2')).toMatchObject([{ lease: { runId: lease.runId }, limits, spent: false }])
    await platform.asSuperuser(`update agent_runs set available_at = now() - interval '1 s' where status = 'running'`)
    expect(await claim('w3')).toMatchObject([{ lease: { runId: lease.runId }, limits, spent: true }])
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
    expect(await renewLeases(platform.database, 'w1', 60_000, [stale.lease])).toEqual([])
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

describe('a bulk redrive', () => {
  /** A run that failed at a time, by the tenant that it belongs to. */
  async function fail(tenant: 'acme' | 'globex', at: string, dead = true): Promise<string> {
    const input = { agent: 'assistant', message: 'hello', environment: 'production', metadata: {} } as const
    const { runId } = await startRun(platform.caller(platform[tenant]), input)
    await platform.asSuperuser(
      `update agent_runs set status = 'failed', dead = ${dead}, finished_at = '${at}',
          error = '{"code": "worker_lost", "message": "no"}' where id = '${runId}'`,
    )
    return runId
  }
  const statusOf = async (id: string) => (await getRun(owner(), id)).status

  test('takes the dead runs of its tenant that match, and no other', async () => {
    const [before, within, after, alive] = [
      await fail('acme', '2026-01-01T00:00:00Z'),
      await fail('acme', '2026-01-02T00:00:00Z'),
      await fail('acme', '2026-01-03T00:00:00Z'),
      await fail('acme', '2026-01-02T00:00:00Z', false),
    ]
    const foreign = await fail('globex', '2026-01-02T00:00:00Z')
    const range = { from: '2026-01-02T00:00:00Z', to: '2026-01-03T00:00:00Z', limit: 10 }
    expect(await redriveRuns(owner(), { ...range, code: 'program_failed' })).toEqual({
      redriven: 0,
      remaining: 0,
      busy: 0,
    })
    expect(await redriveRuns(owner(), { ...range, agent: 'another' })).toEqual({ redriven: 0, remaining: 0, busy: 0 })
    expect(await redriveRuns(owner(), { ...range, code: 'worker_lost', agent: 'assistant' })).toEqual({
      redriven: 1,
      remaining: 0,
      busy: 0,
    })
    expect(await Promise.all([before, within, after, alive].map(statusOf))).toEqual([
      'failed',
      'queued',
      'failed',
      'failed',
    ])
    const dead = await listRuns(platform.caller(platform.globex), { limit: 10, dead: true })
    expect(dead.items.map(({ id }) => id)).toEqual([foreign])
  })

  test('needs the permission to control runs', async () => {
    const caller = { ...owner(), permissions: new Set(['runs:read'] as const) }
    await expect(redriveRuns(caller, { limit: 1 })).rejects.toMatchObject({ code: 'permission_denied' })
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

  test('a child that began late has as long as its redriven parent', async () => {
    const parent = await claimOne()
    const child = await startChild(parent)
    if (!('runId' in child)) throw new Error(child.outcome)
    await platform.asSuperuser('update agent_runs set deadline_ms = 1000 where id = $1', [child.runId])
    await end(parent, 'failed')
    const { deadlineAt } = await redriveRun(owner(), parent.lease.runId)
    expect(await getRun(owner(), child.runId)).toMatchObject({ deadlineAt })
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

  test('waiting forgives the attempts that failed before it', async () => {
    const run = await claimOne()
    await platform.asSuperuser(`update agent_runs set failed_attempts = 3 where id = '${run.lease.runId}'`)
    const waits = [{ step: 'timer:1', kind: 'timer', until: new Date().toISOString() }] as const
    await suspendRun(platform.database, run.lease, { after: run.lastSeq, events: [] }, waits)
    const [row] = await platform.asSuperuser<{ failed_attempts: number }>(
      `select failed_attempts from agent_runs where id = '${run.lease.runId}'`,
    )
    expect(row?.failed_attempts).toBe(0)
  })
})
