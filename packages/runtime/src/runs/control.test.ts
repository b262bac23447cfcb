import { cancelRun, decideRun, redriveRun } from '@freehold/core'
import {
  type PostgresServer,
  type ScriptedModel,
  startPostgres,
  startScriptedModel,
  startTestEngine,
  type TestEngine,
  waitFor,
} from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createModelCaller, defineProgram, defineTool, type ProgramRun } from '../index.ts'

let postgres: PostgresServer
let model: ScriptedModel
let engine: TestEngine
let execute: (run: ProgramRun) => Promise<unknown>
let pay: (signal: AbortSignal) => Promise<unknown>
let payments: number

const payment = defineTool({
  name: 'pay',
  description: 'Must not happen twice.',
  input: z.unknown(),
  output: z.unknown(),
  risk: 'low',
  idempotent: false,
  handler: async (_, { signal }) => {
    payments += 1
    return pay(signal)
  },
})
const call = { id: 'call', name: 'pay', input: {} }

beforeAll(async () => {
  postgres = await startPostgres()
  model = await startScriptedModel(() => ({ text: 'never all of it', chunkSize: 2, halfway: new Promise(() => {}) }))
})
afterAll(async () => {
  await model[Symbol.asyncDispose]()
  await postgres.stop()
})

beforeEach(async () => {
  payments = 0
  pay = async () => 'paid'
  execute = (run) => run.tool(call)
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [defineProgram('scripted', (run) => execute(run))],
    tools: [payment],
    callModel: createModelCaller({ openai: { apiKey: 'x', baseUrl: model.url }, compatible: {} }),
  })
})
afterEach(() => engine[Symbol.asyncDispose]())

/** A tool call that ends when its signal aborts, and tells that it has begun. */
function hang(): Promise<void> {
  const begun = Promise.withResolvers<void>()
  pay = (signal) =>
    new Promise((_, reject) => {
      begun.resolve()
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  return begun.promise
}

describe('cancel', () => {
  it('a queued run ends at once, and never starts', async () => {
    const runId = await engine.start('scripted')
    await cancelRun(engine.caller, runId)
    await engine.worker()
    expect((await engine.journal(runId)).map(({ type }) => type)).toEqual(['run.created', 'run.cancelled'])
    expect(payments).toBe(0)
  })

  it('a model call in flight is hung up', async () => {
    execute = (run) => run.model({ messages: [{ role: 'user', content: 'hello' }] })
    await engine.worker()
    const runId = await engine.start('scripted')
    const before = model.arrivals.length
    const arrival = await waitFor(() => model.arrivals[before])
    await cancelRun(engine.caller, runId)
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.cancelled', data: { by: 'api_key:test' } })
    await waitFor(() => arrival.hungUp, { what: 'the connection to close' })
    expect(engine.bus.partialTexts(runId)).toEqual([])
  })

  it('a waiting run ends at once', async () => {
    execute = (run) => run.sleep(600_000)
    await engine.worker()
    const runId = await engine.start('scripted')
    await engine.until(runId, ({ type }) => type === 'run.waiting')
    await cancelRun(engine.caller, runId)
    expect((await engine.run(runId)).status).toBe('cancelled')
  })

  it('a request that the journal brings back starts no further effect', async () => {
    execute = async (run) => {
      // Its worker hears of it by the answer to the append that announces the call.
      await run.step('ask', () => engine.sql(`update run_heads set cancel_requested_by = 'ada'`))
      return run.tool(call)
    }
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.cancelled', data: { by: 'ada' } })
    expect(payments).toBe(0)
  })

  it('a run that has ended is a conflict', async () => {
    await engine.worker()
    const runId = await engine.start('scripted')
    await engine.ended(runId)
    await expect(cancelRun(engine.caller, runId)).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('deadline', () => {
  it('a run at work is stopped', async () => {
    const begun = hang()
    await engine.worker()
    const runId = await engine.start('scripted', { deadlineMs: 4_000 })
    await begun
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'deadline_exceeded' } } })
  })

  it('a run that waits is ended', async () => {
    execute = (run) => run.sleep(600_000)
    await engine.worker()
    const runId = await engine.start('scripted', { deadlineMs: 60_000 })
    await engine.until(runId, ({ type }) => type === 'run.waiting')
    // As if it were that time: what it waits for until then is over now.
    await engine.sql(
      'update agent_runs set available_at = available_at - (deadline_at - now()), deadline_at = now() where id = $1',
      [runId],
    )
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'deadline_exceeded' } } })
  })

  it('a run that waited in the queue for too long ends without an effect', async () => {
    const runId = await engine.start('scripted', { deadlineMs: 1 })
    await waitFor(async () => (await engine.sql('select 1 from agent_runs where deadline_at < now()')).length > 0)
    await engine.worker()
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'deadline_exceeded' } } })
    expect(payments).toBe(0)
  })
})

describe('a tool call that is not idempotent and was cut off', () => {
  /** Stops the worker in the middle of the call, which leaves its outcome unknown. */
  async function cutOff(): Promise<string> {
    const begun = hang()
    const worker = await engine.worker()
    const runId = await engine.start('scripted')
    await begun
    await worker.stop(0)
    pay = async () => 'paid'
    await engine.worker()
    await engine.until(runId, ({ type }) => type === 'run.waiting')
    return runId
  }

  it('is not made again: the run waits for a decision', async () => {
    const runId = await cutOff()
    expect(await engine.run(runId)).toMatchObject({ status: 'waiting', waitsForDecisions: ['tool:1'] })
    expect(payments).toBe(1)
    expect((await engine.journal(runId)).find(({ type }) => type === 'decision.requested')).toMatchObject({
      data: { step: 'tool:1', options: ['retry', 'skip', 'fail'] },
    })
  })

  it('retry makes it again, with the same key', async () => {
    const runId = await cutOff()
    await decideRun(engine.caller, runId, { step: 'tool:1', decision: 'retry' })
    expect(await engine.ended(runId)).toMatchObject({ data: { output: { failed: false, output: 'paid' } } })
    expect((await engine.run(runId)).waitsForDecisions).toEqual([])
    expect(payments).toBe(2)
    const keys = (await engine.journal(runId)).flatMap((event) =>
      event.type === 'tool.started' ? [event.data.idempotencyKey] : [],
    )
    expect(keys).toEqual([`${runId}:tool:1`, `${runId}:tool:1`])
  })

  it('skip goes on without it', async () => {
    const runId = await cutOff()
    await decideRun(engine.caller, runId, { step: 'tool:1', decision: 'skip' })
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: { failed: true } } })
    expect(payments).toBe(1)
  })

  it('fail ends the run', async () => {
    const runId = await cutOff()
    await decideRun(engine.caller, runId, { step: 'tool:1', decision: 'fail' })
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'tool_unavailable' } } })
    expect(payments).toBe(1)
  })

  it('fail is void once the run is redriven: it is asked about again', async () => {
    const runId = await cutOff()
    for (const attempt of [1, 2]) {
      await decideRun(engine.caller, runId, { step: 'tool:1', decision: 'fail' })
      await waitFor(async () => (await engine.run(runId)).status === 'failed')
      await redriveRun(engine.caller, runId)
      await waitFor(async () => (await engine.run(runId)).status === 'waiting')
      const asked = (await engine.journal(runId)).filter(({ type }) => type === 'decision.requested')
      expect(asked).toHaveLength(attempt + 1)
    }
    expect(payments).toBe(1)
    await decideRun(engine.caller, runId, { step: 'tool:1', decision: 'retry' })
    expect(await engine.until(runId, ({ type }) => type === 'run.succeeded')).toMatchObject({
      data: { output: { failed: false, output: 'paid' } },
    })
    expect(payments).toBe(2)
  })

  it('is decided once, also when two decide at the same time', async () => {
    const runId = await cutOff()
    const decisions = await Promise.allSettled(
      (['retry', 'skip'] as const).map((decision) => decideRun(engine.caller, runId, { step: 'tool:1', decision })),
    )
    expect(decisions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await engine.ended(runId)
    expect((await engine.journal(runId)).filter(({ type }) => type === 'decision.made')).toHaveLength(1)
    await expect(decideRun(engine.caller, runId, { step: 'tool:1', decision: 'retry' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('is asked about again when it is cut off again', async () => {
    const runId = await cutOff()
    const begun = hang()
    await decideRun(engine.caller, runId, { step: 'tool:1', decision: 'retry' })
    await begun
    await engine.expireLeases()
    await engine.until(runId, (event) => event.type === 'decision.requested' && event.seq > 8)
    expect(payments).toBe(2)
  })
})

describe('graceful stop', () => {
  it('lets a run end that can within the grace period', async () => {
    const begun = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    pay = async () => {
      begun.resolve()
      await held.promise
      return 'paid'
    }
    const worker = await engine.worker()
    const runId = await engine.start('scripted')
    await begun.promise
    const stopped = worker.stop(10_000)
    held.resolve()
    await stopped
    expect(await engine.run(runId)).toMatchObject({ status: 'succeeded', attempt: 1 })
  })

  it('gives a run back that can not, which is no crash, and takes no new one', async () => {
    execute = async (run) => {
      await run.step('first', () => 1)
      await run.model({ messages: [{ role: 'user', content: 'hello' }] })
    }
    const worker = await engine.worker()
    const runId = await engine.start('scripted')
    await engine.until(runId, ({ type }) => type === 'step.finished')
    await worker.stop(0)
    const [row] = await engine.sql('select status, failed_attempts, attempt, worker from agent_runs')
    expect(row).toEqual({ status: 'queued', failed_attempts: 0, attempt: 1, worker: null })
    execute = async (run) => run.step('first', () => 2)
    await engine.worker()
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 1 } })
  })
})

it('only a failed run can be redriven', async () => {
  await engine.worker()
  const runId = await engine.start('scripted')
  await engine.ended(runId)
  await expect(redriveRun(engine.caller, runId)).rejects.toMatchObject({ code: 'conflict' })
})
