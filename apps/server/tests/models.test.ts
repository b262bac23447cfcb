import { rm } from 'node:fs/promises'
import { type JournalEntry, LLMock } from '@copilotkit/aimock'
import type { Client, RunEvent, TextDelta } from '@freehold/contracts'
import { createDataFolder, findFreePort, type ServerProcess, spawnServer } from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

// Nano-USD per token of gpt-6-luna on 2026-11-22.
const inputPrice = 100
const outputPrice = 500

let mock: LLMock
let server: ServerProcess
let client: Client

beforeAll(async () => {
  mock = new LLMock({ host: '127.0.0.1', port: 0, logLevel: 'silent', chunkSize: 5 })
  await mock.start()
  server = await spawnServer({
    dataDir: await createDataFolder(),
    env: {
      OPENAI_API_KEY: 'test-key',
      OPENAI_BASE_URL: `${mock.url}/v1`,
      FREEHOLD_MODEL_SERVERS: `down=http://127.0.0.1:${await findFreePort()}/v1`,
    },
  })
  await server.ready()
  client = await server.client('acme')
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await mock.stop()
  await rm(server.dataDir, { recursive: true, force: true })
})

beforeEach(() => {
  mock.clearFixtures()
  mock.clearRequests()
})

interface AgentOptions {
  model: string
  fallbackModels?: string[]
  tools?: string[]
  limits?: { maxAttempts: number }
}

async function createAgent(name: string, options: AgentOptions): Promise<void> {
  await client.createAgent({ body: { name, ...options } })
}

/** Runs an agent and watches it from its first to its last event. */
async function watch(agent: string, message: string): Promise<{ runId: string; seen: (RunEvent | TextDelta)[] }> {
  const { id: runId } = await client.startRun({ params: { name: agent }, body: { message } })
  const seen: (RunEvent | TextDelta)[] = []
  for await (const event of client.watchRun(runId)) seen.push(event)
  return { runId, seen }
}

/** The requests that aimock answered with 200. */
function answered(): JournalEntry[] {
  return mock.getRequests().filter(({ response }) => response.status === 200)
}

it('a real provider SDK streams, calls two tools in parallel, and is metered to the token and the nano-dollar', async () => {
  await createAgent('metered', { model: 'openai/gpt-6-luna', tools: ['calculate', 'current_time'] })
  const asked = { prompt_tokens: 1_201, completion_tokens: 37 }
  const told = { prompt_tokens: 1_337, completion_tokens: 211 }
  const answer = 'Seventeen percent of 2340 is 397.8, and in Tokyo it is late already.'
  mock.on({ hasToolResult: true }, { content: answer, usage: told }, { streamingProfile: { tps: 100 } })
  mock.onMessage('17%', {
    toolCalls: [
      { id: 'call_1', name: 'calculate', arguments: '{"expression":"0.17 * 2340"}' },
      { id: 'call_2', name: 'current_time', arguments: '{"timeZone":"Asia/Tokyo"}' },
    ],
    usage: asked,
  })
  const { runId, seen } = await watch('metered', 'What is 17% of 2340, and what time is it in Tokyo?')

  const types = seen.map(({ type }) => type)
  const lastAnswer = types.lastIndexOf('model.finished')
  const deltas = seen.flatMap((event, index) => (event.type === 'text.delta' ? [{ ...event, index }] : []))
  expect(deltas.filter(({ index }) => index < lastAnswer).length).toBeGreaterThan(3)
  expect(deltas.map(({ delta }) => delta).join('')).toBe(answer)
  expect(seen.at(-1)).toMatchObject({ type: 'run.succeeded', data: { output: answer } })
  // Both calls start before either has ended.
  const tools = types.filter((type) => type.startsWith('tool.'))
  expect(tools).toEqual(['tool.started', 'tool.started', 'tool.finished', 'tool.finished'])

  expect(answered()).toHaveLength(2)
  const toolMessages = JSON.parse(JSON.stringify(answered()[1]?.body)).messages.filter(
    ({ role }: { role: string }) => role === 'tool',
  )
  expect(toolMessages.map(({ tool_call_id: id }: { tool_call_id: string }) => id)).toEqual(['call_1', 'call_2'])

  const { items } = await client.listUsage({ query: { runId } })
  const noCache = { cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
  const firstCost = 1_201 * inputPrice + 37 * outputPrice
  const secondCost = 1_337 * inputPrice + 211 * outputPrice
  expect(items.toReversed().map(({ step, model, usage, costNanos }) => ({ step, model, usage, costNanos }))).toEqual([
    {
      step: 'model:1',
      model: 'openai/gpt-6-luna',
      usage: { ...noCache, inputTokens: 1_201, outputTokens: 37 },
      costNanos: firstCost,
    },
    {
      step: 'model:2',
      model: 'openai/gpt-6-luna',
      usage: { ...noCache, inputTokens: 1_337, outputTokens: 211 },
      costNanos: secondCost,
    },
  ])
  const run = await client.getRun({ params: { id: runId } })
  expect(run.costNanos).toBe(firstCost + secondCost)
  expect(run.usage).toEqual({ ...noCache, inputTokens: 2_538, outputTokens: 248 })
})

it('the next model of the fallback list answers when the first provider is down, and the journal says why', async () => {
  await createAgent('stubborn', { model: 'down/some-model', fallbackModels: ['openai/gpt-6-luna'] })
  mock.onMessage('hello', { content: 'Hello from the spare.', usage: { prompt_tokens: 5, completion_tokens: 4 } })
  const { runId, seen } = await watch('stubborn', 'hello')
  expect(seen.at(-1)).toMatchObject({ type: 'run.succeeded', data: { output: 'Hello from the spare.' } })
  expect(seen.find(({ type }) => type === 'model.failed')).toMatchObject({
    data: { model: 'down/some-model', message: expect.stringContaining('could not be reached') },
  })
  expect(seen.find(({ type }) => type === 'model.finished')).toMatchObject({ data: { model: 'openai/gpt-6-luna' } })
  const { items } = await client.listUsage({ query: { runId } })
  expect(items).toMatchObject([{ model: 'openai/gpt-6-luna', costNanos: 5 * inputPrice + 4 * outputPrice }])
})

it('a provider that is down ends the run as model_failed, with a message that names it', async () => {
  await createAgent('lonely', { model: 'down/some-model', limits: { maxAttempts: 1 } })
  const { runId, seen } = await watch('lonely', 'hello')
  expect(seen.at(-1)).toMatchObject({
    type: 'run.failed',
    data: { error: { code: 'model_failed', message: expect.stringContaining('down/some-model could not be reached') } },
  })
  expect((await client.listUsage({ query: { runId } })).items).toEqual([])
})

it('a provider that answers 500 to everything is asked three times and ends the run as model_failed', async () => {
  await createAgent('unlucky', { model: 'openai/gpt-6-luna', limits: { maxAttempts: 1 } })
  mock.onMessage('hello', { error: { message: 'overloaded' }, status: 500 })
  const { seen } = await watch('unlucky', 'hello')
  expect(mock.getRequests()).toHaveLength(3)
  expect(seen.at(-1)).toMatchObject({
    type: 'run.failed',
    data: { error: { code: 'model_failed', message: 'openai/gpt-6-luna answered 500 (3 attempts).' } },
  })
})

it('a model that refuses ends the run as model_refused', async () => {
  await createAgent('refused', { model: 'openai/gpt-6-luna' })
  mock.onMessage('hello', { content: '', finishReason: 'content_filter' })
  const { seen } = await watch('refused', 'hello')
  expect(seen.at(-1)).toMatchObject({
    type: 'run.failed',
    data: { error: { code: 'model_refused', message: expect.stringContaining('refused to answer') } },
  })
})

it('a provider without a key ends the run as model_unavailable and says which variable to set', async () => {
  await createAgent('keyless', { model: 'mistral/mistral-small-latest' })
  const { seen } = await watch('keyless', 'hello')
  expect(seen.at(-1)).toMatchObject({
    type: 'run.failed',
    data: { error: { code: 'model_unavailable', message: expect.stringContaining('MISTRAL_API_KEY') } },
  })
})

it('a provider that nobody knows is refused when the agent is saved', async () => {
  await expect(createAgent('stranger', { model: 'nobody/model' })).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('known: openai, anthropic, google, mistral, '),
  })
})
