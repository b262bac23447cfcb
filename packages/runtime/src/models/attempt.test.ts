import { describe, expect, it } from 'vitest'
import { type ChatMessage, createModelCaller } from './index.ts'
import { requestOf } from './request.fixture.ts'
import { callerOf, completes, startScriptedServer } from './scripted-server.fixture.ts'

describe('usage', () => {
  it('tells cached and reasoning tokens, and prices the cached ones as such', async () => {
    const usage = {
      prompt_tokens: 1_000,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 400 },
      completion_tokens_details: { reasoning_tokens: 30 },
    }
    await using server = await startScriptedServer(completes('Hi.', usage))
    const reply = await callerOf(server)(requestOf('openai/gpt-5-mini', 'hello'))
    expect(reply.usage).toEqual({
      inputTokens: 1_000,
      outputTokens: 100,
      cacheReadTokens: 400,
      cacheWriteTokens: 0,
      reasoningTokens: 30,
    })
    expect(reply.costNanos).toBe(600 * 250 + 400 * 25 + 100 * 2_000)
  })

  it('includes what Anthropic reads from and writes to its cache', async () => {
    const usage = {
      input_tokens: 100,
      cache_read_input_tokens: 500,
      cache_creation_input_tokens: 400,
      output_tokens: 1,
    }
    const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], usage }
    const events = [
      { type: 'message_start', message },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi.' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 10 } },
      { type: 'message_stop' },
    ]
    await using server = await startScriptedServer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
    })
    const call = createModelCaller({ anthropic: { apiKey: 'k', baseUrl: server.url }, compatible: {} })
    const reply = await call(requestOf('anthropic/claude-haiku-4-5', 'hello'))
    expect(reply.usage).toMatchObject({
      inputTokens: 1_000,
      cacheReadTokens: 500,
      cacheWriteTokens: 400,
      outputTokens: 10,
    })
    expect(reply.costNanos).toBe(100 * 1_000 + 500 * 100 + 400 * 1_250 + 10 * 5_000)
  })

  it('is estimated for a server that reports none, so that its calls are not free', async () => {
    await using server = await startScriptedServer(completes('Twelve chars', null))
    const reply = await callerOf(server)(requestOf('openai/gpt-5-mini', 'hello'))
    expect(reply.usage.outputTokens).toBe(3)
    expect(reply.usage.inputTokens).toBeGreaterThan(0)
    expect(reply.costNanos).toBeGreaterThan(0)
  })
})

describe('the history', () => {
  it('gives calls without a result one, and drops results without a call', async () => {
    await using server = await startScriptedServer(completes('Hi.'))
    const messages: ChatMessage[] = [
      { role: 'tool', toolCallId: 'cut-off', name: 't', output: 'stray', failed: false },
      { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 't', input: {} }] },
      { role: 'user', content: 'And now?' },
    ]
    await callerOf(server)(requestOf('openai/m', '', { messages }))
    expect(server.requests[0]?.body.messages).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'c1' }] },
      { role: 'tool', tool_call_id: 'c1', content: expect.stringContaining('interrupted') },
      { role: 'user', content: 'And now?' },
    ])
  })

  it('carries no key where a server needs none, and the key where it does', async () => {
    await using server = await startScriptedServer(completes('Hi.'))
    const compatible = { open: { baseUrl: server.url }, closed: { baseUrl: server.url, apiKey: 'k' } }
    const call = createModelCaller({ compatible })
    await call(requestOf('open/m', 'hello'))
    await call(requestOf('closed/m', 'hello'))
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer k'])
  })
})
