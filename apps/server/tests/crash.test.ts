import type { Client } from '@freehold/contracts'
import {
  type EffectLedger,
  type ScriptedModel,
  type ServerProcess,
  spawnServer,
  startEffectLedger,
  startPostgres,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finishedSteps, readJournal, untilEnded, untilJournaled } from './journal.ts'
import { startPayingModel } from './payments.ts'

const leaseMs = 1_000

/** Watches a run until something comes that `matches`. */
async function untilSeen(client: Client, runId: string, matches: (event: Seen) => boolean): Promise<void> {
  for await (const event of client.watchRun(runId)) if (matches(event as Seen)) return
}

/** A journal event or live text, as far as the tests look at it. */
interface Seen {
  type: string
  data: { step?: string }
}

interface DatabaseUnderTest {
  env: Record<string, string>
  stop(): Promise<void>
}

const databases = [
  {
    name: 'the embedded database',
    openDatabase: async (): Promise<DatabaseUnderTest> => ({ env: {}, stop: async () => {} }),
  },
  {
    name: 'PostgreSQL',
    openDatabase: async (): Promise<DatabaseUnderTest> => {
      const postgres = await startPostgres()
      return { env: { DATABASE_URL: await postgres.createDatabase() }, stop: () => postgres.stop() }
    },
  },
]

describe.each(databases)('kill -9 of the whole process, on $name', ({ openDatabase }) => {
  let database: DatabaseUnderTest
  let ledger: EffectLedger
  let model: ScriptedModel
  let server: ServerProcess
  let held = Promise.withResolvers<void>()

  beforeAll(async () => {
    database = await openDatabase()
    ledger = await startEffectLedger()
    model = await startPayingModel(ledger, () => held.promise)
    server = await start()
  })

  afterAll(async () => {
    held.resolve()
    await server?.[Symbol.asyncDispose]()
    await Promise.all([model?.[Symbol.asyncDispose](), ledger?.[Symbol.asyncDispose](), database?.stop()])
  })

  async function start(dataDir?: string): Promise<ServerProcess> {
    const next = await spawnServer({
      ...(dataDir && { dataDir }),
      env: {
        ...database.env,
        FREEHOLD_LEASE_MS: String(leaseMs),
        FREEHOLD_EGRESS_ALLOW: ledger.host,
        OPENAI_API_KEY: 'test',
        OPENAI_BASE_URL: model.url,
      },
    })
    await next.ready()
    return next
  }

  async function killAndRestart(): Promise<void> {
    await server.kill('SIGKILL')
    server = await start(server.dataDir)
  }

  async function startRun(message: string): Promise<string> {
    const client = await server.client('acme')
    return (await client.startRun({ params: { name: 'assistant' }, body: { message } })).id
  }

  /** The questions of the run about `task`, by the tool results that they held. */
  function questionsAsked(task: string): number[] {
    return model.arrivals.flatMap(({ question: { messages } }) =>
      messages.some(({ content }) => content === task) ? [messages.filter(({ role }) => role === 'tool').length] : [],
    )
  }

  it('during a tool call: the finished call is not repeated and each effect happens once', async () => {
    const task = 'pay /a /b then /c'
    ledger.behave('/b', { kind: 'hang' })
    const runId = await startRun(task)
    await ledger.nthArrival('/b', 1)
    await untilJournaled(await server.client('acme'), runId, ({ type }) => type === 'tool.finished')
    await server.kill('SIGKILL')
    ledger.release('/b')
    server = await start(server.dataDir)
    const events = await untilEnded(await server.client('acme'), runId)

    expect(events.at(-1)).toMatchObject({ type: 'run.succeeded', data: { output: 'all paid' } })
    expect(finishedSteps(events).sort()).toEqual(['model:1', 'model:2', 'model:3', 'tool:1', 'tool:2', 'tool:3'])
    expect(ledger.arrivals('/a')).toHaveLength(1)
    expect(ledger.arrivals('/b')).toHaveLength(2)
    expect(ledger.arrivals('/c')).toHaveLength(1)
    for (const path of ['/a', '/b', '/c']) expect(ledger.effects(path)).toHaveLength(1)
    expect(new Set(ledger.effects().map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3)
    expect(questionsAsked(task)).toEqual([0, 2, 3])
  })

  it('between steps, twice: no finished step is repeated', async () => {
    const task = 'pay /s1 then /s2 then /s3 then /s4 then /s5 then /s6'
    const runId = await startRun(task)
    for (const [step, type] of [
      ['tool:2', 'tool.finished'],
      ['model:5', 'model.finished'],
    ]) {
      const client = await server.client('acme')
      await untilSeen(client, runId, (event) => event.type === type && event.data.step === step)
      const finishedBefore = finishedSteps(await readJournal(client, runId))
      await killAndRestart()
      const kept = finishedSteps(await readJournal(await server.client('acme'), runId))
      expect(kept.slice(0, finishedBefore.length)).toEqual(finishedBefore)
    }
    const events = await untilEnded(await server.client('acme'), runId)

    expect(events.at(-1)).toMatchObject({ type: 'run.succeeded', data: { output: 'all paid' } })
    const steps = finishedSteps(events)
    expect(new Set(steps).size).toBe(steps.length)
    expect(steps).toHaveLength(13)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    for (let n = 1; n <= 6; n += 1) expect(ledger.effects(`/s${n}`)).toHaveLength(1)
    // Finished before the kill, so never sent again.
    for (const n of [1, 2, 3, 4]) expect(ledger.arrivals(`/s${n}`).length).toBeLessThanOrEqual(n < 3 ? 1 : 2)
    expect(ledger.effects().every(({ idempotencyKey }) => idempotencyKey !== undefined)).toBe(true)
    const asked = questionsAsked(task)
    for (const results of [0, 1]) expect(asked.filter((count) => count === results)).toHaveLength(1)
  })

  it('during a model call: that call is made again, and no other', async () => {
    const task = 'pay /think then think'
    held = Promise.withResolvers<void>()
    const runId = await startRun(task)
    const client = await server.client('acme')
    for await (const event of client.watchRun(runId)) if (event.type === 'text.delta') break
    await server.kill('SIGKILL')
    held.resolve()
    server = await start(server.dataDir)
    const events = await untilEnded(await server.client('acme'), runId)

    expect(events.at(-1)).toMatchObject({ type: 'run.succeeded', data: { output: 'thinking about it for long' } })
    expect(finishedSteps(events)).toEqual(['model:1', 'tool:1', 'model:2'])
    expect(ledger.arrivals('/think')).toHaveLength(1)
    expect(questionsAsked(task)).toEqual([0, 1, 1])
  })
})
