import { type PostgresServer, startPostgres, startTestEngine, type TestEngine, tapDatabase } from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type ModelRequest, planRouteAnswer } from '../index.ts'

let postgres: PostgresServer
let asked: string[]
let route: string

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }

/** A model that plans, routes and answers, by what its prompt asks for. */
async function callModel({ system, messages, tools }: ModelRequest) {
  const kind = system.startsWith('You plan') ? 'plan' : system.startsWith('Choose') ? 'route' : 'answer'
  asked.push(tools.length > 0 ? `${kind} with tools` : kind)
  const called = messages.at(-1)?.role === 'tool'
  const toolCalls =
    kind === 'answer' && tools.length > 0 && !called
      ? [{ id: 'call', name: 'calculate', input: { expression: '6*7' } }]
      : []
  const text = { plan: 'Calculate it.', route, answer: called ? 'It is 42.' : 'Hello.' }[kind]
  return {
    model: 'm',
    demo: false,
    text,
    toolCalls,
    finishReason: 'stop',
    usage,
    costNanos: 0,
    latencyMs: 1,
    attempts: 1,
  }
}

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

beforeEach(async () => {
  asked = []
  route = 'tools'
})

async function open(): Promise<TestEngine> {
  const engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [planRouteAnswer],
    callModel,
  })
  await engine.newAgent(engine.caller, 'planner', { program: 'graph', tools: ['calculate'] })
  return engine
}

it('a LangGraph program plans, chooses its route and answers with tools', async () => {
  await using engine = await open()
  await engine.worker()
  const runId = await engine.start('planner', { message: 'What is 6*7?' })
  expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'It is 42.' } })
  expect(asked).toEqual(['plan', 'route', 'answer with tools', 'answer with tools'])
})

it('the other route answers without tools', async () => {
  await using engine = await open()
  route = 'direct'
  await engine.worker()
  expect(await engine.ended(await engine.start('planner'))).toMatchObject({ data: { output: 'Hello.' } })
  expect(asked).toEqual(['plan', 'route', 'answer'])
})

it.each([1, 2, 3, 4, 5])('its finished nodes are not repeated when its worker dies at append %i', async (nth) => {
  await using engine = await open()
  const tap = tapDatabase(engine.database)
  const crashed = Promise.withResolvers<void>()
  let writes = 0
  tap.after = (name) => {
    if (/append|finish/.test(name)) writes += 1
    if (writes < nth) return
    crashed.resolve()
    throw new Error('this worker is dead')
  }
  const dying = await engine.worker({ database: tap.database })
  const runId = await engine.start('planner', { message: 'What is 6*7?' })
  await crashed.promise
  await dying.stop(0)
  await engine.expireLeases()
  await engine.worker()
  expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'It is 42.' } })
  const finished = (await engine.journal(runId)).flatMap((event) =>
    event.type === 'model.finished' || event.type === 'tool.finished' ? [event.data.step] : [],
  )
  expect(finished).toEqual(['model:1', 'model:2', 'model:3', 'tool:1', 'model:4'])
  // The node whose answer was not journaled is asked again, and no other.
  expect(asked.length).toBeLessThanOrEqual(5)
})
