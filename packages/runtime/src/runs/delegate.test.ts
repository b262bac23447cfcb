import { cancelRun, listRuns } from '@freehold/core'
import {
  type PostgresServer,
  startPostgres,
  startTestEngine,
  type TestEngine,
  tapDatabase,
  waitFor,
} from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { defineProgram, type ProgramRun } from '../index.ts'

let postgres: PostgresServer
let engine: TestEngine
let parent: (run: ProgramRun) => Promise<unknown>
let child: (run: ProgramRun) => Promise<unknown>

const delegation = (agent: string) => ({ id: 'call', name: 'delegate', input: { agent, message: 'do it' } })

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

beforeEach(async () => {
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [defineProgram('parent', (run) => parent(run)), defineProgram('child', (run) => child(run))],
  })
  parent = (run) => run.delegate({ agent: 'child', message: 'do it' })
})
afterEach(() => engine[Symbol.asyncDispose]())

async function childOf(runId: string): Promise<string> {
  const started = await engine.until(runId, ({ type }) => type === 'child.started')
  if (started.type !== 'child.started') throw new Error('no child')
  return started.data.runId
}

it('a parent waits for its child without a worker slot, and gets what it returned', async () => {
  child = async (run) => `${run.message}: done`
  await engine.worker({ concurrency: 1 })
  const runId = await engine.start('parent')
  expect(await engine.ended(runId)).toMatchObject({
    type: 'run.succeeded',
    data: { output: { status: 'succeeded', output: 'do it: done', error: null } },
  })
  const journal = (await engine.journal(runId)).map(({ type }) => type)
  expect(journal).toContain('run.waiting')
  expect(await engine.run(await childOf(runId))).toMatchObject({ status: 'succeeded', parentRunId: runId })
})

it('children that were asked together run together, and each is started once although the parent is resumed between', async () => {
  parent = (run) =>
    Promise.all(['a', 'b', 'c'].map((message) => run.delegate({ agent: 'child', message }))).then((outcomes) =>
      outcomes.map(({ output }) => output),
    )
  child = async (run) => run.message
  await engine.worker()
  const runId = await engine.start('parent')
  expect(await engine.ended(runId)).toMatchObject({ data: { output: ['a', 'b', 'c'] } })
  const { items } = await listRuns(engine.caller, { limit: 50, agent: 'child' })
  expect(items).toHaveLength(3)
})

it('a child that fails tells its parent why', async () => {
  child = async () => {
    throw new Error('no')
  }
  await engine.newAgent(engine.caller, 'once', { program: 'child', limits: { maxAttempts: 1 } })
  parent = (run) => run.delegate({ agent: 'once', message: 'do it' })
  await engine.worker()
  const runId = await engine.start('parent')
  expect(await engine.ended(runId)).toMatchObject({
    type: 'run.succeeded',
    data: { output: { status: 'failed', error: { code: 'program_failed' } } },
  })
})

it('cancelling a parent cancels its children and theirs, running or waiting', async () => {
  const asleep = Promise.withResolvers<void>()
  parent = (run) => run.delegate({ agent: run.message === 'deep' ? 'child' : 'parent', message: 'deep' })
  child = async (run) => {
    asleep.resolve()
    await new Promise((_, reject) => {
      run.signal.addEventListener('abort', () => reject(run.signal.reason), { once: true })
    })
  }
  await engine.worker()
  const runId = await engine.start('parent')
  const middle = await childOf(runId)
  const leaf = await childOf(middle)
  await asleep.promise
  await engine.until(runId, ({ type }) => type === 'run.waiting')
  await engine.until(middle, ({ type }) => type === 'run.waiting')
  await cancelRun(engine.caller, runId)
  for (const id of [runId, middle]) expect((await engine.run(id)).status).toBe('cancelled')
  // The leaf is running: its worker hears of it when it renews its leases, or at the next append.
  expect(await statusSoon(leaf)).toBe('cancelled')
}, 30_000)

/** A worker with the default lease hears of it within 5 s; here a new one asks at once. */
async function statusSoon(runId: string): Promise<string> {
  await engine.expireLeases()
  return waitFor(async () => {
    const { status } = await engine.run(runId)
    return status === 'running' ? undefined : status
  })
}

it('a parent that fails cancels the children that it did not wait for', async () => {
  const started = Promise.withResolvers<void>()
  parent = async (run) => {
    void run.delegate({ agent: 'child', message: 'go' })
    await run.step('look', () => started.promise)
    throw new Error('enough')
  }
  child = async (run) => {
    started.resolve()
    await run.sleep(600_000)
  }
  await engine.newAgent(engine.caller, 'once', { program: 'parent', limits: { maxAttempts: 1 } })
  await engine.worker()
  const runId = await engine.start('once')
  expect(await engine.ended(runId)).toMatchObject({ type: 'run.failed' })
  expect(await engine.ended(await childOf(runId))).toMatchObject({ type: 'run.cancelled' })
})

it('a parent that fails tells the child that is at work for it', async () => {
  const started = Promise.withResolvers<void>()
  parent = async (run) => {
    void run.delegate({ agent: 'child', message: 'go' })
    await run.step('look', () => Promise.all([started.promise, childOf(run.id)]))
    throw new Error('enough')
  }
  child = async (run) => {
    started.resolve()
    await new Promise((_, reject) => {
      run.signal.addEventListener('abort', () => reject(run.signal.reason), { once: true })
    })
  }
  await engine.worker({ leaseMs: 600_000 })
  const runId = await engine.start('parent')
  // Its worker would hear of it by itself only after minutes.
  expect(await engine.ended(await childOf(runId))).toMatchObject({
    type: 'run.cancelled',
    data: { by: `run:${runId}` },
  })
})

it('a parent that lost its lease starts no child', async () => {
  parent = async (run) => {
    await engine.sql('update run_heads set lease_token = lease_token + 1')
    return run.delegate({ agent: 'child', message: 'go' }).catch(() => 'swallowed')
  }
  await engine.worker()
  const runId = await engine.start('parent')
  await waitFor(() => engine.logs.find(({ message }) => message.startsWith('run given up')))
  expect((await engine.run(runId)).status).toBe('running')
  expect((await listRuns(engine.caller, { limit: 50, agent: 'child' })).items).toEqual([])
})

it('NUL and half a surrogate pair in what a model asks of an agent become U+FFFD', async () => {
  parent = async (run) => [
    await run.tool({ id: 'a', name: 'delegate', input: { agent: 'child', message: 'a\0b\ud800c' } }),
    await run.tool({ id: 'b', name: 'delegate', input: { agent: 'child\0', message: 'hello' } }),
  ]
  child = async (run) => run.message
  await engine.worker()
  expect(await engine.ended(await engine.start('parent'))).toMatchObject({
    type: 'run.succeeded',
    data: {
      output: [
        { failed: false, output: { output: 'a\uFFFDb\uFFFDc' } },
        { failed: true, output: 'There is no agent named "child\uFFFD".' },
      ],
    },
  })
})

it('an agent that does not exist is told to the model as a failed call, and stays so when it exists later', async () => {
  parent = async (run) => {
    const outcome = await run.tool(delegation('later'))
    await run.step('told', () => 1)
    return outcome
  }
  const tap = tapDatabase(engine.database)
  const crashed = Promise.withResolvers<void>()
  tap.before = (name) => {
    if (name !== 'finish-run') return
    crashed.resolve()
    throw new Error('this worker is dead')
  }
  const dying = await engine.worker({ database: tap.database })
  const runId = await engine.start('parent')
  await crashed.promise
  await dying.stop(0)
  await engine.newAgent(engine.caller, 'later', { program: 'child' })
  await engine.expireLeases()
  await engine.worker()
  expect(await engine.ended(runId)).toMatchObject({
    type: 'run.succeeded',
    data: { output: { failed: true, output: 'There is no agent named "later".' } },
  })
  expect((await engine.journal(runId)).filter(({ type }) => type === 'child.started')).toHaveLength(0)
})

it('arguments that do not fit are told to the model, and answered in the journal', async () => {
  parent = (run) => run.tool({ id: 'call', name: 'delegate', input: { agent: 'child' } })
  await engine.worker()
  const runId = await engine.start('parent')
  expect(await engine.ended(runId)).toMatchObject({ data: { output: { failed: true } } })
  expect((await engine.journal(runId)).find(({ type }) => type === 'tool.finished')).toMatchObject({
    data: { toolCallId: 'call', error: expect.stringContaining('do not fit') },
  })
})

it('delegations end at the ninth level', async () => {
  parent = (run) => run.delegate({ agent: 'parent', message: 'deeper' })
  await engine.worker()
  const runId = await engine.start('parent')
  await engine.ended(runId)
  const { items } = await listRuns(engine.caller, { limit: 50 })
  expect(items).toHaveLength(9)
  const deepest = items.find(({ status }) => status === 'failed')
  expect(deepest?.error).toMatchObject({ code: 'child_failed', message: expect.stringContaining('nested too deep') })
})
