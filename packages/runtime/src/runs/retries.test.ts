import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunEvent } from '@freehold/contracts'
import { redriveRuns } from '@freehold/core'
import { type PostgresServer, startPostgres, startTestEngine, type TestEngine, waitFor } from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type CallModel, defineProgram, defineTool, ModelError, type ProgramRun, RunFailure } from '../index.ts'

let postgres: PostgresServer
let databaseUrl: string
let engine: TestEngine
let execute: (run: ProgramRun) => Promise<unknown>
let callModel: CallModel
let payments: number

const payment = defineTool({
  name: 'pay',
  description: 'Must not happen twice.',
  input: z.unknown(),
  output: z.unknown(),
  risk: 'low',
  idempotent: false,
  handler: async () => {
    payments += 1
    return payments
  },
})
const pay = { id: 'call', name: 'pay', input: {} }

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

beforeEach(async () => {
  payments = 0
  databaseUrl = await postgres.createDatabase({ migrate: true })
  engine = await startTestEngine({
    databaseUrl,
    programs: [defineProgram('scripted', (run) => execute(run))],
    tools: [payment],
    callModel: (request) => callModel(request),
  })
})
afterEach(() => engine[Symbol.asyncDispose]())

function startsAttempt(event: RunEvent, attempt: number): boolean {
  return (event.type === 'run.started' || event.type === 'run.resumed') && event.data.attempt === attempt
}

/** Waits for a run's end, and for none of the pauses between its attempts. */
async function endedWithoutPauses(runId: string) {
  let seen = 0
  for (;;) {
    const event = await engine.until(
      runId,
      ({ type, seq }) => seq > seen && /^attempt\.failed$|^run\.(?!started|resumed|created|waiting)/.test(type),
    )
    if (event.type !== 'attempt.failed') return event
    seen = event.seq
    await engine.skipBackoff()
  }
}

async function failuresOf(runId: string) {
  return (await engine.journal(runId)).flatMap((event) => (event.type === 'attempt.failed' ? [event] : []))
}

describe('an attempt that fails', () => {
  it('is followed by another, later each time, and the run is dead after the last one', async () => {
    let calls = 0
    execute = async () => {
      calls += 1
      throw new RunFailure('tool_unavailable', `reason ${calls}`, { retryable: true })
    }
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await endedWithoutPauses(runId)).toMatchObject({
      type: 'run.failed',
      data: { error: { code: 'tool_unavailable', message: 'reason 5' } },
    })
    expect(calls).toBe(5)
    const failures = await failuresOf(runId)
    expect(failures).toHaveLength(4)
    const events = await engine.journal(runId)
    for (const [index, { data }] of failures.entries()) {
      const begun = events.find((event) => startsAttempt(event, index + 1))
      // From the attempt's beginning, as it may be a while until its failure is written.
      expect(Date.parse(data.retryAt) - Date.parse(begun?.at ?? '')).toBeGreaterThan(450 * 2 ** index)
    }
    const run = await engine.run(runId)
    expect(run).toMatchObject({ status: 'failed', dead: true, attempt: 5 })
    expect(run.attempts.map(({ attempt, error }) => [attempt, error.message])).toEqual(
      [1, 2, 3, 4, 5].map((attempt) => [attempt, `reason ${attempt}`]),
    )
    expect(run.attempts.every(({ worker }) => worker !== null)).toBe(true)
  })

  it('begins again by itself when the pause is over', async () => {
    let calls = 0
    execute = async () => {
      calls += 1
      if (calls === 1) throw new Error('once')
      return 'done'
    }
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'done' } })
    const [failed] = await failuresOf(runId)
    const resumed = (await engine.journal(runId)).find(({ type }) => type === 'run.resumed')
    expect(Date.parse(resumed?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(failed?.data.retryAt ?? ''))
    expect(await engine.run(runId)).toMatchObject({ dead: false, attempt: 2, attempts: [{ attempt: 1 }] })
  })

  it('has its finished steps replayed by the next, and does no side effect twice', async () => {
    let calls = 0
    execute = async (run) => {
      calls += 1
      const paid = await run.tool(pay)
      const at = await run.now()
      if (calls < 3) throw new Error('not yet')
      return [paid.output, at]
    }
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await endedWithoutPauses(runId)).toMatchObject({
      type: 'run.succeeded',
      data: { output: [1, expect.any(String)] },
    })
    expect([calls, payments]).toEqual([3, 1])
  })

  it('lets what is under way beside it come to its end, so that no outcome is in doubt', async () => {
    let calls = 0
    execute = async (run) => {
      calls += 1
      const paid = run.tool(pay)
      if (calls === 1) throw new Error('too early')
      return (await paid).output
    }
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await endedWithoutPauses(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 1 } })
    expect(payments).toBe(1)
  })

  it('is forgotten once the run has got ahead through a wait', async () => {
    await engine.newAgent(engine.caller, 'twice', { program: 'scripted', limits: { maxAttempts: 2 } })
    const failed = new Set<string>()
    const failOnce = (where: string) => {
      if (failed.has(where)) return
      failed.add(where)
      throw new Error(where)
    }
    execute = async (run) => {
      failOnce('before')
      await run.sleep(20)
      failOnce('after')
      return 'done'
    }
    await engine.worker()
    expect(await endedWithoutPauses(await engine.start('twice'))).toMatchObject({ type: 'run.succeeded' })
  })

  it('that may not go better ends the run at once, which is not dead', async () => {
    execute = async () => {
      throw new RunFailure('tool_unavailable', 'for good')
    }
    await engine.worker()
    const runId = await engine.start('scripted')
    await engine.ended(runId)
    expect(await engine.run(runId)).toMatchObject({
      status: 'failed',
      dead: false,
      attempt: 1,
      attempts: [{ attempt: 1 }],
    })
  })

  it('is one that hangs for longer than an attempt may work', async () => {
    await engine.newAgent(engine.caller, 'hanging', {
      program: 'scripted',
      limits: { maxAttempts: 3, attemptTimeoutMs: 1_000 },
    })
    let calls = 0
    execute = () => {
      calls += 1
      return new Promise(() => {})
    }
    await engine.worker()
    const runId = await engine.start('hanging')
    expect(await endedWithoutPauses(runId)).toMatchObject({ data: { error: { code: 'attempt_timed_out' } } })
    expect(calls).toBe(3)
    const { attempts, dead } = await engine.run(runId)
    expect(attempts.map(({ error }) => error.code)).toEqual([
      'attempt_timed_out',
      'attempt_timed_out',
      'attempt_timed_out',
    ])
    expect(dead).toBe(true)
  })

  it('is one whose worker dies, however many workers look for it', async () => {
    let calls = 0
    execute = () => {
      calls += 1
      return new Promise(() => {})
    }
    for (let count = 0; count < 4; count += 1) await engine.worker()
    const runId = await engine.start('scripted')
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await engine.until(runId, (event) => startsAttempt(event, attempt))
      await engine.expireLeases()
      if (attempt === 5) break
      await engine.until(runId, (event) => event.type === 'attempt.failed' && event.data.attempt === attempt)
      await engine.skipBackoff()
    }
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'worker_lost' } } })
    expect(calls).toBe(5)
    const { attempts, dead, attempt } = await engine.run(runId)
    expect(attempts.map(({ attempt: number, error }) => [number, error.code])).toEqual(
      [1, 2, 3, 4, 5].map((number) => [number, 'worker_lost']),
    )
    expect([attempt, dead]).toEqual([5, true])
  })

  it('is one that blocks its worker for ever, which others outlive', async () => {
    await engine.newAgent(engine.caller, 'blocking', { program: 'scripted', limits: { maxAttempts: 2 } })
    const runId = await engine.start('blocking')
    const blocked: ChildProcess[] = []
    try {
      for (const attempt of [1, 2]) {
        const script = join(import.meta.dirname, 'blocking-worker.fixture.ts')
        blocked.push(spawn(process.execPath, [script, databaseUrl, tmpdir(), '1000'], { stdio: 'ignore' }))
        await engine.until(runId, (event) => startsAttempt(event, attempt))
      }
      await engine.worker()
      expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'worker_lost' } } })
    } finally {
      for (const child of blocked) {
        child.kill('SIGKILL')
        await once(child, 'close')
      }
    }
    expect(await engine.run(runId)).toMatchObject({
      dead: true,
      attempt: 2,
      attempts: [{ attempt: 1 }, { attempt: 2 }],
    })
  })

  it('is not one that the server gave back when it shut down', async () => {
    const begun = Promise.withResolvers<void>()
    execute = () => {
      begun.resolve()
      return new Promise(() => {})
    }
    const worker = await engine.worker()
    const runId = await engine.start('scripted')
    await begun.promise
    await worker.stop(0)
    expect(await engine.run(runId)).toMatchObject({ status: 'queued', attempt: 1, attempts: [] })
  })
})

describe('a model that does not answer', () => {
  const ask = (run: ProgramRun) => run.model({ messages: [{ role: 'user', content: 'hello' }] })

  it('for a reason that passes is asked again by the next attempt', async () => {
    let calls = 0
    callModel = async () => {
      calls += 1
      if (calls === 1) throw new ModelError('model_failed', 'answered 429 (rate limit).', { retryable: true })
      const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
      return {
        model: 'demo',
        demo: true,
        text: 'hi',
        toolCalls: [],
        finishReason: 'stop',
        usage,
        costNanos: 7,
        latencyMs: 1,
        attempts: 1,
      }
    }
    execute = async (run) => {
      await run.tool(pay)
      return (await ask(run)).text
    }
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await endedWithoutPauses(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'hi' } })
    expect([calls, payments]).toEqual([2, 1])
    expect(await engine.run(runId)).toMatchObject({ costNanos: 7, attempts: [{ error: { code: 'model_failed' } }] })
  })

  it('before a certain time is not asked again before it', async () => {
    callModel = async () => {
      throw new ModelError('model_failed', 'was not called.', { retryable: true, retryAfterMs: 25_000 })
    }
    execute = ask
    await engine.worker()
    const runId = await engine.start('scripted')
    const failure = await waitFor(
      async () => (await engine.journal(runId)).find(({ type }) => type === 'attempt.failed'),
      { what: 'the first attempt to fail' },
    )
    if (failure.type !== 'attempt.failed') throw new Error('not a failed attempt')
    expect(Date.parse(failure.data.retryAt) - Date.parse(failure.at)).toBeGreaterThan(20_000)
  })

  it('before the deadline of the run is not asked again: that ends it', async () => {
    callModel = async () => {
      throw new ModelError('model_failed', 'was not called.', { retryable: true, retryAfterMs: 60_000 })
    }
    execute = ask
    await engine.worker()
    const runId = await engine.start('scripted', { deadlineMs: 30_000 })
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'model_failed' } } })
    expect(await engine.run(runId)).toMatchObject({ attempt: 1, dead: true })
  })

  it('for a reason that stays ends the run at once', async () => {
    callModel = async () => {
      throw new ModelError('model_failed', 'refused the key (401).')
    }
    execute = ask
    await engine.worker()
    const runId = await engine.start('scripted')
    await engine.ended(runId)
    expect(await engine.run(runId)).toMatchObject({ attempt: 1, dead: false, error: { code: 'model_failed' } })
  })
})

describe('dead runs', () => {
  it('are redriven in bulk, the oldest first, with all their attempts anew', async () => {
    await engine.newAgent(engine.caller, 'twice', { program: 'scripted', limits: { maxAttempts: 2 } })
    execute = async () => {
      throw new Error('no')
    }
    await engine.worker()
    const runIds: string[] = []
    for (let count = 0; count < 3; count += 1) runIds.push(await engine.start('twice'))
    for (const runId of runIds) await endedWithoutPauses(runId)
    execute = async () => 'done'
    expect(await redriveRuns(engine.caller, { limit: 2 })).toEqual({ redriven: 2, remaining: 1, busy: 0 })
    const [first = '', second = '', third = ''] = runIds
    for (const runId of [first, second]) await engine.until(runId, ({ type }) => type === 'run.succeeded')
    expect(await engine.run(first)).toMatchObject({ dead: false, error: null, attempt: 3, attempts: [{}, {}] })
    expect(await engine.run(third)).toMatchObject({ status: 'failed', dead: true })
  })

  it('are redriven once, also when two ask at the same time', async () => {
    await engine.newAgent(engine.caller, 'once', { program: 'scripted', limits: { maxAttempts: 1 } })
    execute = async () => {
      throw new Error('no')
    }
    const worker = await engine.worker()
    const runIds = await Promise.all(Array.from({ length: 20 }, () => engine.start('once')))
    for (const runId of runIds) await engine.ended(runId)
    await worker.stop(0)
    const answers = await Promise.all([1, 2, 3].map(() => redriveRuns(engine.caller, { limit: 100 })))
    expect(answers.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(20)
    for (const runId of runIds) {
      expect((await engine.journal(runId)).filter(({ type }) => type === 'run.redriven')).toHaveLength(1)
    }
  })
})
