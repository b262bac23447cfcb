import { redriveRun } from '@freehold/core'
import { type PostgresServer, startPostgres, startTestEngine, type TestEngine, tapDatabase } from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineProgram, defineTool, type ProgramRun } from '../index.ts'

let postgres: PostgresServer
let engine: TestEngine

/** What the test makes its program do. */
let execute: (run: ProgramRun) => Promise<unknown>
let toolOutput: (key: string) => unknown

const scripted = defineProgram('scripted', (run) => execute(run))
const probe = defineTool({
  name: 'probe',
  description: 'Does what the test says.',
  input: z.unknown(),
  output: z.unknown(),
  risk: 'low',
  idempotent: true,
  handler: async (_, { idempotencyKey }) => toolOutput(idempotencyKey),
})

const call = (id: string) => ({ id, name: 'probe', input: { id } })

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

beforeEach(async () => {
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [scripted],
    tools: [probe],
  })
  toolOutput = () => 'done'
})
afterEach(() => engine[Symbol.asyncDispose]())

/** Runs until the named database call would be sent for the nth time, then crashes, and hands the run to a new worker. */
async function crashBefore(runId: string, name: string, nth = 1): Promise<void> {
  const tap = tapDatabase(engine.database)
  const crashed = Promise.withResolvers<void>()
  let seen = 0
  let dead = false
  tap.before = (called) => {
    if (called === name) seen += 1
    if (!dead && seen < nth) return
    dead = true
    crashed.resolve()
    throw new Error('this worker is dead')
  }
  const worker = await engine.worker({ database: tap.database })
  await crashed.promise
  await worker.stop(0)
  expect((await engine.run(runId)).status).toBe('running')
  await engine.expireLeases()
  await engine.worker()
}

describe('replay', () => {
  it('now, random and step return what they returned before, and no step is done again', async () => {
    const seen: unknown[][] = []
    let worked = 0
    execute = async (run) => {
      const values = [
        (await run.now()).toISOString(),
        await run.random(),
        await run.step('work', () => {
          worked += 1
          return { number: worked, at: new Date(0) }
        }),
        await run.random(),
      ]
      seen.push(values)
      await run.tool(call('last'))
      return values
    }
    const runId = await engine.start('scripted')
    await crashBefore(runId, 'finish-run')
    const ended = await engine.ended(runId)
    expect(seen).toHaveLength(2)
    expect(seen[1]).toEqual(JSON.parse(JSON.stringify(seen[0])))
    expect(worked).toBe(1)
    expect(ended).toMatchObject({ type: 'run.succeeded', data: { output: JSON.parse(JSON.stringify(seen[0])) } })
    expect((await engine.journal(runId)).filter(({ type }) => type === 'run.resumed')).toHaveLength(1)
  })

  it('a step gives the program what a replay would give it, from the first time on', async () => {
    const seen: unknown[] = []
    execute = async (run) => {
      seen.push(await run.step('date', () => new Date(0) as unknown))
      seen.push(await run.step('nothing', () => {}))
    }
    await engine.worker()
    await engine.ended(await engine.start('scripted'))
    expect(seen).toEqual(['1970-01-01T00:00:00.000Z', undefined])
  })

  it('a program that calls another tool than before ends as program_changed', async () => {
    let executions = 0
    execute = async (run) => {
      executions += 1
      await run.tool({ ...call('first'), name: executions === 1 ? 'probe' : 'other' })
      await run.tool(call('second'))
    }
    const runId = await engine.start('scripted')
    await crashBefore(runId, 'finish-run')
    expect(await engine.ended(runId)).toMatchObject({
      type: 'run.failed',
      data: { error: { code: 'program_changed' } },
    })
  })
})

describe('tools', () => {
  it('calls made together run side by side', async () => {
    const both = Promise.withResolvers<void>()
    let running = 0
    toolOutput = async () => {
      running += 1
      if (running === 2) both.resolve()
      await both.promise
      return running
    }
    execute = async (run) => Promise.all([run.tool(call('a')), run.tool(call('b'))])
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
    const types = (await engine.journal(runId)).map(({ type }) => type).filter((type) => type.startsWith('tool.'))
    expect(types).toEqual(['tool.started', 'tool.started', 'tool.finished', 'tool.finished'])
  })

  it('an unknown tool is told to the program, also after a crash: nobody is asked what it did', async () => {
    execute = (run) => run.tool({ ...call('none'), name: 'missing' })
    const runId = await engine.start('scripted')
    await crashBefore(runId, 'finish-run')
    expect(await engine.ended(runId)).toMatchObject({
      type: 'run.succeeded',
      data: { output: { failed: true, output: expect.stringContaining('There is no tool "missing"') } },
    })
    const types = (await engine.journal(runId)).map(({ type }) => type)
    expect(types.filter((type) => type === 'tool.started')).toHaveLength(1)
    expect(types).not.toContain('decision.requested')
  })

  it('an output of 1 MB is journaled and replayed whole', async () => {
    const large = 'x'.repeat(1024 * 1024)
    toolOutput = () => large
    execute = async (run) => {
      const { output } = await run.tool(call('large'))
      return String(output).length
    }
    const runId = await engine.start('scripted')
    await crashBefore(runId, 'finish-run')
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: large.length } })
  })

  it('NUL and half a surrogate pair in an output are stored as U+FFFD', async () => {
    toolOutput = () => ({ text: 'a\0b\ud800c', 'key\0': '\udc00' })
    execute = async (run) => (await run.tool(call('odd'))).output
    await engine.worker()
    const runId = await engine.start('scripted')
    const stored = { text: 'a\uFFFDb\uFFFDc', 'key\uFFFD': '\uFFFD' }
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: stored } })
  })

  it('a tool that throws is told to the program as failed, without its text', async () => {
    toolOutput = () => {
      throw new Error('secret inside')
    }
    execute = async (run) => run.tool(call('broken'))
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await engine.ended(runId)).toMatchObject({ data: { output: { failed: true } } })
    expect(JSON.stringify(await engine.journal(runId))).not.toContain('secret inside')
  })
})

describe('sleep', () => {
  it('holds no worker slot, and ends on time', async () => {
    execute = async (run) => {
      if (run.message === 'sleeper') await run.sleep(1_000)
      return run.message
    }
    // Woken by the worker's own timer, not by the poll.
    await engine.worker({ concurrency: 1, pollMs: 60_000 })
    const sleeper = await engine.start('scripted', { message: 'sleeper' })
    const set = await engine.until(sleeper, ({ type }) => type === 'timer.set')
    await engine.until(sleeper, ({ type }) => type === 'run.waiting')
    expect((await engine.run(sleeper)).status).toBe('waiting')
    // The only slot is free.
    await engine.ended(await engine.start('scripted', { message: 'other' }))
    const end = await engine.ended(sleeper)
    if (set.type !== 'timer.set') throw new Error('no timer')
    const late = Date.parse(end.at) - Date.parse(set.data.until)
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThan(10_000)
    const types = (await engine.journal(sleeper)).map(({ type }) => type)
    expect(types).toEqual(['run.created', 'run.started', 'timer.set', 'run.waiting', 'run.resumed', 'run.succeeded'])
  })

  it.each([-3_600_000, 3_600_000])(
    'ends on time, without spinning, when the clock of its worker is %i ms off',
    async (offMs) => {
      const realNow = Date.now
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => realNow() + offMs)
      try {
        execute = (run) => run.sleep(300)
        // Woken by the worker's own timer, not by the poll.
        await engine.worker({ pollMs: 60_000 })
        const runId = await engine.start('scripted')
        const end = await engine.ended(runId)
        const journal = await engine.journal(runId)
        const types = journal.map(({ type }) => type)
        expect(types).toEqual([
          'run.created',
          'run.started',
          'timer.set',
          'run.waiting',
          'run.resumed',
          'run.succeeded',
        ])
        const tookMs = Date.parse(end.at) - Date.parse(journal[1]?.at ?? '')
        expect(tookMs).toBeGreaterThanOrEqual(300)
        expect(tookMs).toBeLessThan(10_000)
      } finally {
        clock.mockRestore()
      }
    },
  )

  it('lets steps beside it end first, and is not started anew after a crash', async () => {
    execute = async (run) => {
      const [, tool] = await Promise.all([run.sleep(300), run.tool(call('beside'))])
      return tool.output
    }
    const runId = await engine.start('scripted')
    await crashBefore(runId, 'finish-run')
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'done' } })
    const journal = await engine.journal(runId)
    expect(journal.filter(({ type }) => type === 'timer.set')).toHaveLength(1)
    expect(journal.filter(({ type }) => type === 'tool.started')).toHaveLength(1)
  })
})

describe('ends', () => {
  const startOnce = async () => {
    await engine.newAgent(engine.caller, 'once', { program: 'scripted', limits: { maxAttempts: 1 } })
    return engine.start('once')
  }

  it('a run that takes more steps than its agent allows ends as step_limit_reached', async () => {
    await engine.newAgent(engine.caller, 'short', { program: 'scripted', limits: { maxSteps: 3 } })
    execute = async (run) => {
      for (;;) await run.tool(call('again'))
    }
    await engine.worker()
    const runId = await engine.start('short')
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'step_limit_reached' } } })
    expect((await engine.journal(runId)).filter(({ type }) => type === 'tool.finished')).toHaveLength(3)
  })

  it('a program that throws ends as program_failed; the reason is in the log and not in the journal', async () => {
    execute = async () => {
      throw new Error('secret inside')
    }
    await engine.worker()
    const runId = await startOnce()
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.failed', data: { error: { code: 'program_failed' } } })
    expect(JSON.stringify(await engine.journal(runId))).not.toContain('secret inside')
    const [logged] = engine.logs.filter(({ message }) => message === 'program failed')
    expect(String(logged?.fields.err)).toContain('secret inside')
  })

  it.each([
    ['output', async () => 1n],
    ['step', async (run: ProgramRun) => run.step('big', () => 1n)],
    ['tool input', async (run: ProgramRun) => run.tool({ ...call('big'), input: { big: 1n } })],
    ['conversation', async (run: ProgramRun) => run.remember({ role: 'user', content: 1n as unknown as string })],
    [
      'tool output',
      async (run: ProgramRun) => {
        toolOutput = () => ({ big: 1n })
        const { failed } = await run.tool(call('big'))
        if (failed) throw new Error('the tool failed')
      },
    ],
  ])('a value that is no JSON, as %s, ends the attempt instead of crashing its worker', async (_, program) => {
    execute = program
    await engine.worker({ leaseMs: 60_000 })
    const runId = await startOnce()
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.failed', data: { error: { code: 'program_failed' } } })
  })

  it('a run of a program that the worker does not have ends as program_unknown', async () => {
    const runId = await startOnce()
    await engine.sql(`update agent_templates set program = 'missing' where name = 'once'`)
    await engine.worker()
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'program_unknown' } } })
  })

  it('redriving a failed run keeps its finished steps', async () => {
    let broken = true
    let calls = 0
    toolOutput = () => {
      calls += 1
      return calls
    }
    execute = async (run) => {
      const { output } = await run.tool(call('first'))
      if (broken) throw new Error('not yet')
      return output
    }
    await engine.worker()
    const runId = await startOnce()
    await engine.ended(runId)
    broken = false
    await redriveRun(engine.caller, runId)
    const end = await engine.until(runId, ({ type }) => type === 'run.succeeded')
    expect(end).toMatchObject({ data: { output: 1 } })
    expect(calls).toBe(1)
    expect(await engine.run(runId)).toMatchObject({ status: 'succeeded', error: null, attempt: 2 })
  })
})
