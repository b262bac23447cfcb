import { FreeholdError, type RunEvent } from '@freehold/contracts'
import {
  type PostgresServer,
  startPostgres,
  startTestEngine,
  type TestEngine,
  tapDatabase,
  waitFor,
} from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type CallModel, defineProgram, defineTool, type ProgramRun } from '../index.ts'

let postgres: PostgresServer
let engine: TestEngine
let execute: (run: ProgramRun) => Promise<unknown>
let toolCalls: number

const usage = { inputTokens: 10, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
let outputTokens: number
const callModel: CallModel = async ({ messages }) => ({
  model: 'scripted/model',
  demo: false,
  text: `answer ${messages.length}`,
  toolCalls: [],
  finishReason: 'stop',
  usage: { ...usage, outputTokens },
  costNanos: 7,
  latencyMs: 1,
  attempts: 1,
})
const count = defineTool({
  name: 'count',
  description: 'Counts its calls.',
  input: z.unknown(),
  output: z.unknown(),
  risk: 'low',
  idempotent: true,
  handler: async () => {
    toolCalls += 1
    return toolCalls
  },
})
const call = { id: 'call', name: 'count', input: {} }
const ask = (run: ProgramRun) => run.model({ messages: [{ role: 'user', content: 'hello' }] })

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

beforeEach(async () => {
  toolCalls = 0
  outputTokens = usage.outputTokens
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [defineProgram('scripted', (run) => execute(run))],
    tools: [count],
    callModel,
  })
})
afterEach(() => engine[Symbol.asyncDispose]())

/** As the driver throws it. */
function databaseError(code: string): Error {
  return Object.assign(new Error(`database says ${code}`), { code })
}

function unavailable(): FreeholdError {
  return new FreeholdError('unavailable', 'The database can not be reached right now. Try again in a moment.')
}

describe('one commit per step', () => {
  it('the answer of a model and the tool call that it asks for share one append', async () => {
    execute = async (run) => {
      await ask(run)
      await run.tool(call)
      await ask(run)
    }
    const tap = tapDatabase(engine.database)
    await engine.worker({ database: tap.database })
    const runId = await engine.start('scripted')
    await engine.ended(runId)
    // model:1 and the start of tool:1; the end of tool:1; model:2 and the end of the run.
    expect(tap.calls.filter((name) => !/claim|renew|read/.test(name))).toEqual([
      'append-metered-events',
      'append-events',
      'finish-run',
    ])
    expect((await engine.journal(runId)).map(({ type }) => type)).toEqual([
      'run.created',
      'run.started',
      'model.finished',
      'tool.started',
      'tool.finished',
      'model.finished',
      'run.succeeded',
    ])
    expect(await engine.run(runId)).toMatchObject({ costNanos: 14, usage: { inputTokens: 20, outputTokens: 4 } })
  })

  it('values that are only noted wait for the next append', async () => {
    execute = async (run) => {
      await run.now()
      await run.random()
      await run.tool(call)
    }
    const tap = tapDatabase(engine.database)
    await engine.worker({ database: tap.database })
    await engine.ended(await engine.start('scripted'))
    expect(tap.calls.filter((name) => /append|finish/.test(name))).toEqual(['append-events', 'finish-run'])
  })
})

describe('a commit whose answer was lost', () => {
  it.each(['append-metered-events', 'append-events', 'suspend-run', 'finish-run'])(
    '%s is not made twice',
    async (statement) => {
      execute = async (run) => {
        await ask(run)
        await run.tool(call)
        await run.sleep(20)
        await ask(run)
        await run.tool(call)
        return 'done'
      }
      const tap = tapDatabase(engine.database)
      const lost = new Map<string, number>()
      tap.after = (name) => {
        if (name !== statement) return
        const before = lost.get(name) ?? 0
        lost.set(name, before + 1)
        if (before % 2 === 0) throw unavailable()
      }
      await engine.worker({ database: tap.database })
      const runId = await engine.start('scripted')
      expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'done' } })
      await waitFor(() => (lost.get(statement) ?? 0) > 1, { what: 'the statement to be tried again' })
      const journal = await engine.journal(runId)
      const keys = journal.map(({ type, data }) => `${type} ${'step' in data ? data.step : ''}`)
      expect(new Set(keys).size).toBe(keys.length)
      expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1))
      expect(toolCalls).toBe(2)
      expect(await engine.run(runId)).toMatchObject({ costNanos: 14, attempt: 1 })
      expect(await engine.sql('select 1 from usage_records')).toHaveLength(2)
    },
  )
})

describe('a fault of one run', () => {
  it('whose event the database refuses does not touch the others that share its commit', async () => {
    const together = Promise.withResolvers<void>()
    let ready = 0
    execute = async (run) => {
      await run.step('gather', async () => {
        ready += 1
        if (ready === 6) together.resolve()
        await together.promise
      })
      if (run.message === 'refused') await run.step('bad', () => 'refuse this')
      await run.tool(call)
      return 'done'
    }
    const tap = tapDatabase(engine.database)
    tap.before = (name, _, values) => {
      if (name.startsWith('append') && JSON.stringify(values).includes('refuse this')) throw databaseError('22P05')
    }
    await engine.worker({ database: tap.database })
    const bad = await engine.start('scripted', { message: 'refused' })
    const good = await Promise.all(Array.from({ length: 5 }, () => engine.start('scripted')))
    for (const runId of good) expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
    expect(await engine.ended(bad)).toMatchObject(failedAt('An event of step step:bad:1 could not be stored'))
    expect((await engine.journal(bad)).filter(({ type }) => type === 'tool.started')).toHaveLength(0)
    expect(tap.calls).toContain('append-shared')
  })

  it('whose model call the database can not meter ends at once, with what came before it in the journal', async () => {
    execute = async (run) => {
      await run.step('before', () => 1)
      outputTokens = 2 ** 31
      await ask(run)
      await run.tool(call)
    }
    await engine.worker()
    const runId = await engine.start('scripted')
    expect(await engine.ended(runId)).toMatchObject(failedAt('An event of step model:1 could not be stored'))
    expect((await engine.journal(runId)).map(({ type }) => type)).toEqual([
      'run.created',
      'run.started',
      'step.finished',
      'run.failed',
    ])
    expect(toolCalls).toBe(0)
    expect(await engine.run(runId)).toMatchObject({ status: 'failed', attempt: 1 })
    const [logged] = engine.logs.filter(({ message }) => message === 'the database refused a value of this run')
    expect(logged?.fields.err).toMatchObject({ cause: { code: '22003' } })
  })

  it.each([
    ['the last event', (run: ProgramRun) => run.step('bad', () => 'refuse this').then(() => 1), 'step step:bad:1'],
    ['the output', async () => 'refuse this', 'refused a value of this run'],
  ])('ends it as failed when %s is refused', async (_, program, message) => {
    execute = program
    const tap = tapDatabase(engine.database)
    tap.before = (name, _, values) => {
      if (/append|finish/.test(name) && JSON.stringify(values).includes('refuse this')) throw databaseError('54000')
    }
    await engine.worker({ database: tap.database })
    expect(await engine.ended(await engine.start('scripted'))).toMatchObject(failedAt(message))
  })
})

function failedAt(message: string) {
  return {
    type: 'run.failed',
    data: {
      error: { code: 'program_failed', message: expect.stringMatching(`${message}.*under request test-request`) },
    },
  }
}

describe('a database error in a step', () => {
  beforeEach(() => {
    execute = (run) => run.delegate({ agent: 'scripted', message: 'child' }).catch(() => 'swallowed')
  })

  async function failOnce(code: string): Promise<string> {
    const tap = tapDatabase(engine.database)
    let failures = 1
    tap.before = (name) => {
      if (name === 'start-run' && failures-- > 0) {
        execute = async () => 'another time'
        throw databaseError(code)
      }
    }
    await engine.worker({ database: tap.database, leaseMs: 600 })
    return engine.start('scripted')
  }

  it('that says nothing of the run is not its fault: another claim resumes it', async () => {
    const runId = await failOnce('XX000')
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'another time' } })
    expect((await engine.journal(runId)).filter(({ type }) => type === 'run.resumed')).toHaveLength(1)
  })

  it('about its values ends it', async () => {
    const runId = await failOnce('22021')
    expect(await engine.ended(runId)).toMatchObject(failedAt('refused a value of this run'))
  })
})

describe('a database that goes away', () => {
  it('for a while costs no run anything but time', async () => {
    let away = false
    const tap = tapDatabase(engine.database)
    tap.before = () => {
      if (away) throw unavailable()
    }
    execute = async (run) => {
      for (let step = 0; step < 5; step += 1) {
        await run.tool(call)
        await run.conversation()
      }
      return 'done'
    }
    await engine.worker({ database: tap.database })
    const runs = await Promise.all(Array.from({ length: 5 }, () => engine.start('scripted')))
    await waitFor(() => toolCalls > 5)
    away = true
    const sent = tap.calls.length
    await waitFor(() => tap.calls.length > sent + 10)
    away = false
    for (const runId of runs) {
      expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'done' } })
      expect(await engine.run(runId)).toMatchObject({ attempt: 1 })
    }
    expect(toolCalls).toBe(25)
  })

  it('really, as a PostgreSQL server that is restarted, loses no run and repeats no finished step', async () => {
    execute = async (run) => {
      const values: unknown[] = []
      for (let step = 0; step < 6; step += 1) values.push((await run.tool(call)).output, await run.random())
      await run.conversation()
      return values.length
    }
    await engine.worker({ leaseMs: 3_000 })
    const runs = await Promise.all(Array.from({ length: 6 }, () => engine.start('scripted')))
    await waitFor(() => toolCalls > 8)
    await postgres.restart()
    const ends: RunEvent[] = []
    for (const runId of runs) ends.push(await engine.ended(runId))
    expect(ends.map(({ data }) => data)).toEqual(runs.map(() => ({ output: 12 })))
    for (const runId of runs) {
      const finished = (await engine.journal(runId)).filter(({ type }) => type === 'tool.finished')
      expect(finished).toHaveLength(6)
    }
  }, 60_000)
})
