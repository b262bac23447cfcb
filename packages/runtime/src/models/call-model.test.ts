import { LLMock } from '@copilotkit/aimock'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ChatMessage, createModelCaller, ModelError, type ModelsConfig, type ToolOffer } from './index.ts'
import { collectText, requestOf } from './request.fixture.ts'

const weather: ToolOffer = {
  name: 'get_weather',
  description: 'The weather of a city.',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const fast = { backoffMs: 1 }

let mock: LLMock

beforeEach(async () => {
  mock = new LLMock({ host: '127.0.0.1', port: 0, logLevel: 'silent', chunkSize: 4 })
  await mock.start()
})

afterEach(() => mock.stop())

/** Every provider's SDK, pointed at aimock. */
function everyProvider(): ModelsConfig {
  const apiKey = 'test-key'
  return {
    openai: { apiKey, baseUrl: `${mock.url}/v1` },
    anthropic: { apiKey, baseUrl: mock.url },
    google: { apiKey, baseUrl: mock.url },
    mistral: { apiKey, baseUrl: mock.url },
    compatible: { ollama: { baseUrl: `${mock.url}/v1` } },
  }
}

const models = [
  'openai/gpt-5-mini',
  'anthropic/claude-haiku-4-5',
  'google/gemini-3.5-flash-lite',
  'mistral/mistral-small-latest',
  'ollama/llama3.2',
]

describe.each(models)('%s', (model) => {
  it('streams text', async () => {
    mock.onMessage('hello', { content: 'Good morning to you.' })
    const live = collectText()
    const reply = await createModelCaller(everyProvider())(requestOf(model, 'hello', { onText: live.onText }))
    expect(reply).toMatchObject({ model, demo: false, text: 'Good morning to you.', toolCalls: [], attempts: 1 })
    expect(reply.finishReason).toBe('stop')
    expect(live.attempts).toEqual(['Good morning to you.'])
  })

  it('calls two tools at once', async () => {
    const toolCalls = [
      { id: 'abcdefgh1', name: 'get_weather', arguments: '{"city":"Zurich"}' },
      { id: 'abcdefgh2', name: 'get_weather', arguments: '{"city":"Oslo"}' },
    ]
    mock.onMessage('weather', { toolCalls })
    const call = createModelCaller(everyProvider())
    const reply = await call(requestOf(model, 'the weather in Zurich and Oslo?', { tools: [weather] }))
    expect(reply.finishReason).toBe('tool-calls')
    expect(reply.toolCalls.map(({ name, input }) => ({ name, input }))).toEqual([
      { name: 'get_weather', input: { city: 'Zurich' } },
      { name: 'get_weather', input: { city: 'Oslo' } },
    ])
    expect(new Set(reply.toolCalls.map(({ id }) => id)).size).toBe(2)
    expect(mock.getLastRequest()?.body).toMatchObject({ tools: [{ function: { name: 'get_weather' } }] })
  })

  it('is told the system prompt, the calls, their results and their failures', async () => {
    mock.on({ hasToolResult: true }, { content: 'Done.' })
    const call = createModelCaller(everyProvider())
    const reply = await call(
      requestOf(model, '', {
        system: 'You know the weather.',
        tools: [weather],
        messages: [
          { role: 'user', content: 'weather?' },
          {
            role: 'assistant',
            content: 'Let me see.',
            toolCalls: [
              { id: 'call_1', name: 'get_weather', input: { city: 'Zurich' } },
              { id: 'call_2', name: 'get_weather', input: '{"city": "Os' },
            ],
          },
          { role: 'tool', toolCallId: 'call_1', name: 'get_weather', output: { celsius: 21 }, failed: false },
          { role: 'tool', toolCallId: 'call_2', name: 'get_weather', output: 'no such city', failed: true },
        ],
      }),
    )
    expect(reply.text).toBe('Done.')
    const sent = JSON.stringify(mock.getLastRequest()?.body)
    for (const part of ['You know the weather.', 'Let me see.', 'Zurich', 'celsius', 'no such city']) {
      expect(sent).toContain(part)
    }
  })

  it('is retried after a 503', async () => {
    mock.nextRequestError(503, { message: 'overloaded' })
    mock.onMessage('hello', { content: 'Here again.' })
    const reply = await createModelCaller(everyProvider(), fast)(requestOf(model, 'hello'))
    expect(reply).toMatchObject({ text: 'Here again.', attempts: 2 })
  })

  it('names the variable of a bad key, and is not retried', async () => {
    mock.nextRequestError(401, { message: 'Incorrect API key provided: test-key' })
    const failure = createModelCaller(everyProvider(), fast)(requestOf(model, 'hello'))
    await expect(failure).rejects.toThrow(/refused the key \(401\): check [A-Z_]+_API_KEY\.$/)
    await expect(failure).rejects.not.toThrow(/test-key/)
    expect(mock.getRequests()).toHaveLength(1)
  })
})

describe('usage and cost', () => {
  it('counts the tokens that OpenAI reports, at the list price', async () => {
    const usage = { prompt_tokens: 1_000, completion_tokens: 100 }
    mock.onMessage('hello', { content: 'Hi.', usage })
    const reply = await createModelCaller(everyProvider())(requestOf('openai/gpt-5-mini', 'hello'))
    expect(reply.usage).toMatchObject({ inputTokens: 1_000, outputTokens: 100 })
    expect(reply.costNanos).toBe(1_000 * 250 + 100 * 2_000)
  })

  it('has no cost where no price is known', async () => {
    mock.onMessage('hello', { content: 'Hi.' })
    const reply = await createModelCaller(everyProvider())(requestOf('ollama/llama3.2', 'hello'))
    expect(reply.costNanos).toBeNull()
  })
})

describe('Mistral', () => {
  it('is given ids that it takes, whichever provider made them', async () => {
    mock.on({ hasToolResult: true }, { content: 'Done.' })
    const id = 'call_Of-another_provider'
    const messages: ChatMessage[] = [
      { role: 'user', content: 'Go' },
      { role: 'assistant', content: '', toolCalls: [{ id, name: 't', input: {} }] },
      { role: 'tool', toolCallId: id, name: 't', output: 1, failed: false },
    ]
    await createModelCaller(everyProvider())(requestOf('mistral/mistral-small-latest', '', { messages }))
    const sent = JSON.stringify(mock.getLastRequest()?.body)
    const ids = sent.match(/(?<="(?:tool_call_)?id":")[^"]+/g)
    expect(ids).toEqual([expect.stringMatching(/^[a-z0-9]{9}$/), ids?.[0]])
  })
})

describe('OpenAI itself', () => {
  it('is asked over the Responses API, which keeps nothing there', async () => {
    mock.onMessage('hello', { content: 'From responses.', usage: { input_tokens: 50, output_tokens: 5 } })
    const bodies: string[] = []
    const rerouted: typeof fetch = (url, init) => {
      bodies.push(String(init?.body))
      return fetch(String(url).replace('https://api.openai.com', mock.url), init)
    }
    const call = createModelCaller({ openai: { apiKey: 'k' }, compatible: {} }, { fetch: rerouted })
    const reply = await call(requestOf('default', 'hello', { tools: [weather] }))
    expect(reply).toMatchObject({ model: 'openai/gpt-6-luna', text: 'From responses.' })
    // gpt-6-luna: $0.10 in and $0.50 out per million tokens.
    expect(reply.costNanos).toBe(50 * 100 + 5 * 500)
    expect(mock.getLastRequest()?.path).toBe('/v1/responses')
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ store: false, tools: [{ strict: false }] })
  })
})

describe('a chain of models', () => {
  it('goes on to the fallback, and says which model was given up and why', async () => {
    mock.on({ model: 'gpt-5-mini' }, { error: { message: 'broken' }, status: 500 })
    mock.on({ model: 'claude-haiku-4-5' }, { content: 'The fallback.' })
    const onFallback = vi.fn()
    const fallbackModels = ['google/gemini-3.5-flash-lite', 'anthropic/claude-haiku-4-5']
    mock.on({ model: /gemini/ }, { error: { message: 'bad request' }, status: 400 })
    const call = createModelCaller(everyProvider(), fast)
    const reply = await call(requestOf('openai/gpt-5-mini', 'hello', { fallbackModels, onFallback }))
    expect(reply).toMatchObject({ model: 'anthropic/claude-haiku-4-5', text: 'The fallback.', attempts: 5 })
    expect(onFallback.mock.calls.map(([model, error]) => [model, error.message])).toEqual([
      ['openai/gpt-5-mini', 'openai/gpt-5-mini answered 500 (3 attempts).'],
      ['google/gemini-3.5-flash-lite', 'google/gemini-3.5-flash-lite answered 400: it did not accept the request.'],
    ])
  })

  it('fails with the reason of each model when none answers', async () => {
    const { mistral: _, ...withoutMistral } = everyProvider()
    mock.on({ model: 'gpt-5-mini' }, { error: { message: 'secret detail' }, status: 503 })
    const call = createModelCaller(withoutMistral, fast)
    const fallbackModels = ['mistral/mistral-small-latest', 'nowhere/model']
    const failure = await call(requestOf('openai/gpt-5-mini', 'hello', { fallbackModels })).catch((error) => error)
    expect(failure).toBeInstanceOf(ModelError)
    expect(failure.code).toBe('model_failed')
    expect(failure.message).toBe(
      'None of 3 models answered: openai/gpt-5-mini answered 503 (3 attempts); ' +
        'No key for provider "mistral": set MISTRAL_API_KEY and restart, connect a key of your own, or choose another model; ' +
        'No provider "nowhere": known are openai, anthropic, google, mistral, ollama. ' +
        'Choose a model of one of them, or connect the provider with its base URL.',
    )
  })

  it('says which key is missing', async () => {
    const call = createModelCaller({ compatible: {} })
    const failure = call(requestOf('openai/gpt-5-mini', 'hello'))
    const message =
      'No key for provider "openai": set OPENAI_API_KEY and restart, connect a key of your own, or choose another model.'
    await expect(failure).rejects.toMatchObject({ code: 'model_unavailable', message })
  })

  it('answers with the demo where no provider is configured', async () => {
    const reply = await createModelCaller({ compatible: {} })(requestOf('default', 'hello'))
    expect(reply).toMatchObject({ model: 'demo', demo: true, costNanos: 0, attempts: 1 })
  })

  it('reports a refusal', async () => {
    mock.onMessage('hello', { content: '', finishReason: 'content_filter' })
    const failure = createModelCaller(everyProvider())(requestOf('openai/gpt-5-mini', 'hello'))
    await expect(failure).rejects.toMatchObject({
      code: 'model_refused',
      message: 'openai/gpt-5-mini refused to answer (content filter).',
    })
  })
})

describe('tool arguments', () => {
  it.each([
    ['{"city": "Zur', '{"city": "Zur'],
    ['', {}],
  ])('that are %j reach the tool as %j', async (sent, received) => {
    mock.onMessage('weather', { toolCalls: [{ id: 'c1', name: 'get_weather', arguments: sent }] })
    const call = createModelCaller(everyProvider())
    const reply = await call(requestOf('openai/gpt-5-mini', 'weather', { tools: [weather] }))
    expect(reply.toolCalls).toEqual([{ id: 'c1', name: 'get_weather', input: received }])
  })
})
