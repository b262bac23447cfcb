import { describe, expect, it } from 'vitest'
import { type ChatMessage, createModelCaller, type ModelCallerOverrides } from './index.ts'
import { retryAfterOf } from './provider-fault.ts'
import { collectText, requestOf } from './request.fixture.ts'
import {
  completes,
  fails,
  openStream,
  type ScriptedServer,
  startScriptedServer,
  writeChunk,
} from './scripted-server.fixture.ts'

const fast = { backoffMs: 1 }

/** A server behind `openai/…`, and further ones as `spare/…`. */
function callerOf(server: ScriptedServer, overrides: ModelCallerOverrides = fast, spare?: ScriptedServer) {
  const compatible = spare ? { spare: { baseUrl: spare.url } } : {}
  return createModelCaller({ openai: { apiKey: 'key', baseUrl: server.url }, compatible }, overrides)
}

describe('retries', () => {
  it('wait as long as a 429 says', async () => {
    await using server = await startScriptedServer(fails(429, { 'retry-after': '1' }), completes('Thanks for waiting.'))
    const startedAt = performance.now()
    const reply = await callerOf(server)(requestOf('openai/m', 'hello'))
    expect(reply).toMatchObject({ text: 'Thanks for waiting.', attempts: 2 })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990)
    expect(reply.latencyMs).toBeGreaterThanOrEqual(990)
  })

  it('follow retry-after-ms first, and no further than the limit', async () => {
    const asks = fails(429, { 'retry-after-ms': '5', 'retry-after': '3600' })
    await using server = await startScriptedServer(asks, fails(503, { 'retry-after': '3600' }), completes('Now.'))
    const reply = await callerOf(server, { maxRetryAfterMs: 10 })(requestOf('openai/m', 'hello'))
    expect(reply.attempts).toBe(3)
  })

  it.each([400, 404, 409, 413, 422])('are not made after a %i', async (status) => {
    await using server = await startScriptedServer(fails(status))
    await expect(callerOf(server)(requestOf('openai/m', 'hello'))).rejects.toThrow(`answered ${status}:`)
    expect(server.requests).toHaveLength(1)
  })

  it('are not made for an account without credit', async () => {
    await using server = await startScriptedServer(fails(429, {}, { code: 'insufficient_quota' }))
    const failure = callerOf(server)(requestOf('openai/m', 'hello'))
    await expect(failure).rejects.toThrow('openai/m answered 429: the account has no credit left.')
    expect(server.requests).toHaveLength(1)
  })

  it('say when the conversation is too long', async () => {
    await using server = await startScriptedServer(fails(400, {}, { code: 'context_length_exceeded' }))
    await expect(callerOf(server)(requestOf('openai/m', 'hello'))).rejects.toThrow(
      'the conversation is too long for it',
    )
  })

  it('begin the text anew when a stream breaks off half-way', async () => {
    let breakOff = () => {}
    await using server = await startScriptedServer((response) => {
      breakOff = () => response.destroy()
      openStream(response, 'Once upon')
    }, completes('Once upon a time.'))
    const live = collectText()
    const onText = (offset: number, delta: string) => {
      live.onText(offset, delta)
      if (live.attempts.length === 1) breakOff()
    }
    const reply = await callerOf(server)(requestOf('openai/m', 'hello', { onText }))
    expect(reply).toMatchObject({ text: 'Once upon a time.', attempts: 2 })
    expect(live.attempts).toEqual(['Once upon', 'Once upon a time.'])
  })

  it('also follow a stream that ends politely but unfinished, and an error in the stream', async () => {
    await using server = await startScriptedServer(
      (response) => {
        openStream(response, 'Half')
        response.end()
      },
      (response) => {
        openStream(response, 'Half')
        response.end(`data: ${JSON.stringify({ error: { message: 'overloaded', code: 'server_error' } })}\n\n`)
      },
      completes('Whole.'),
    )
    const live = collectText()
    const reply = await callerOf(server)(requestOf('openai/m', 'hello', { onText: live.onText }))
    expect(reply).toMatchObject({ text: 'Whole.', attempts: 3 })
    expect(live.attempts).toEqual(['Half', 'Half', 'Whole.'])
  })

  it('follow an attempt that takes too long', async () => {
    await using server = await startScriptedServer(() => {}, completes('In time.'))
    const reply = await callerOf(server)(requestOf('openai/m', 'hello', { timeoutMs: 300 }))
    expect(reply).toMatchObject({ text: 'In time.', attempts: 2 })
  })

  it('end with a time-out that names the limit, also when the stream stalls', async () => {
    await using server = await startScriptedServer((response) => openStream(response, 'Once'))
    const call = callerOf(server, { ...fast, attemptsPerModel: 2 })
    const failure = call(requestOf('openai/m', 'hello', { timeoutMs: 100 }))
    await expect(failure).rejects.toThrow('openai/m took longer than 0.1 s (2 attempts).')
  })

  it('follow a refused connection', async () => {
    const gone = await startScriptedServer(completes('never'))
    await gone[Symbol.asyncDispose]()
    const failure = callerOf(gone)(requestOf('openai/m', 'hello'))
    await expect(failure).rejects.toThrow('openai/m could not be reached (3 attempts).')
  })
})

describe('an abort', () => {
  const reason = new Error('cancelled by alice')

  it('ends a call in flight at once, with its reason', async () => {
    const controller = new AbortController()
    await using server = await startScriptedServer((response) => {
      openStream(response, 'Once')
      writeChunk(response, { choices: [{ index: 0, delta: { content: ' upon' } }] })
    })
    const onText = () => controller.abort(reason)
    const call = callerOf(server)(requestOf('openai/m', 'hello', { signal: controller.signal, onText }))
    await expect(call).rejects.toBe(reason)
    expect(server.requests).toHaveLength(1)
  })

  it('ends a wait between two attempts', async () => {
    const controller = new AbortController()
    await using server = await startScriptedServer(fails(429, { 'retry-after': '60' }))
    const refused: typeof fetch = async (...request) => {
      const response = await fetch(...request)
      setTimeout(() => controller.abort(reason), 50)
      return response
    }
    const call = callerOf(server, { fetch: refused })(requestOf('openai/m', 'hello', { signal: controller.signal }))
    await expect(call).rejects.toBe(reason)
    expect(server.requests).toHaveLength(1)
  })

  it('before the call makes no request and tries no fallback', async () => {
    await using server = await startScriptedServer(completes('never'))
    const signal = AbortSignal.abort(reason)
    const call = callerOf(server)(requestOf('openai/m', 'hello', { signal, fallbackModels: ['demo'] }))
    await expect(call).rejects.toBe(reason)
    expect(server.requests).toHaveLength(0)
  })
})

describe('the breaker', () => {
  it('opens after five faults in a row, goes straight to the fallback, and closes again', async () => {
    const broken = fails(503)
    await using server = await startScriptedServer(broken, broken, broken, broken, broken, completes('Well again.'))
    await using spare = await startScriptedServer(completes('From the spare.'))
    const call = callerOf(server, { ...fast, breakerOpenMs: 200 }, spare)
    const request = () => requestOf('openai/m', 'hello', { fallbackModels: ['spare/m'] })

    expect(await call(request())).toMatchObject({ model: 'spare/m', attempts: 4 })
    // The fifth fault opens it, so the sixth request is not made.
    expect(await call(request())).toMatchObject({ model: 'spare/m', attempts: 3 })
    expect(server.requests).toHaveLength(5)
    expect(await call(request())).toMatchObject({ model: 'spare/m', attempts: 1 })
    expect(server.requests).toHaveLength(5)
    await expect(call(requestOf('openai/m', 'hello'))).rejects.toThrow(
      'openai/m was not called: openai failed several times in a row and is left alone for a moment.',
    )
    await expect.poll(async () => (await call(request())).model, { timeout: 2_000 }).toBe('openai/m')
  })

  it('lets one request probe, and sends the others to their fallbacks meanwhile', async () => {
    let finishProbe = () => {}
    let probing = () => {}
    const probe = new Promise<void>((resolve) => {
      probing = resolve
    })
    await using server = await startScriptedServer(fails(503), (response, request) => {
      finishProbe = () => completes('Probed.')(response, request)
      probing()
    })
    await using spare = await startScriptedServer(completes('From the spare.'))
    const call = callerOf(server, { ...fast, attemptsPerModel: 1, breakerFailures: 1, breakerOpenMs: 0 }, spare)
    await expect(call(requestOf('openai/m', 'hello'))).rejects.toThrow('answered 503')
    const probed = call(requestOf('openai/m', 'hello'))
    await probe
    const other = await call(requestOf('openai/m', 'hello', { fallbackModels: ['spare/m'] }))
    finishProbe()
    expect(other.text).toBe('From the spare.')
    expect(await probed).toMatchObject({ text: 'Probed.' })
  })

  it('ignores what is not the fault of the provider', async () => {
    await using server = await startScriptedServer(fails(400), fails(401), fails(429), fails(404), completes('Fine.'))
    const call = callerOf(server, { ...fast, attemptsPerModel: 1, breakerFailures: 1 })
    for (let request = 0; request < 4; request++) await call(requestOf('openai/m', 'hello')).catch(() => {})
    expect(await call(requestOf('openai/m', 'hello'))).toMatchObject({ text: 'Fine.' })
  })

  it("is not opened by a tenant's own short time limit", async () => {
    await using server = await startScriptedServer(() => {}, completes('Fine.'))
    const call = callerOf(server, { ...fast, attemptsPerModel: 1, breakerFailures: 1 })
    await expect(call(requestOf('openai/m', 'hello', { timeoutMs: 100 }))).rejects.toThrow('took longer')
    expect(await call(requestOf('openai/m', 'hello'))).toMatchObject({ text: 'Fine.' })
  })
})

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
  it('has ids that Mistral takes, whichever provider made them', async () => {
    await using server = await startScriptedServer(completes('Hi.'))
    const messages: ChatMessage[] = [
      { role: 'user', content: 'Go' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'call_Of-another_provider', name: 't', input: {} }] },
      { role: 'tool', toolCallId: 'call_Of-another_provider', name: 't', output: 1, failed: false },
    ]
    const call = createModelCaller({ mistral: { apiKey: 'k', baseUrl: server.url }, compatible: {} })
    await call(requestOf('mistral/m', '', { messages }))
    const ids = JSON.stringify(server.requests[0]?.body.messages).match(/(?<="(?:tool_call_)?id":")[^"]+/g)
    expect(ids).toEqual([expect.stringMatching(/^[a-z0-9]{9}$/), ids?.[0]])
  })

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

describe('retryAfterOf', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')

  it.each([
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': 'Sun, 22 Nov 2026 12:00:05 GMT' }, 5_000],
    [{ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{}, undefined],
  ])('reads %j', (responseHeaders, expected) => {
    expect(retryAfterOf({ responseHeaders }, now)).toBe(expected)
  })
})
