import { describe, expect, it } from 'vitest'
import { retryAfterOf } from './provider-fault.ts'
import { collectText, requestOf } from './request.fixture.ts'
import { callerOf, completes, fails, openStream, startScriptedServer, writeChunk } from './scripted-server.fixture.ts'

const fast = { backoffMs: 1 }

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
    const reply = await callerOf(server)(requestOf('openai/m', 'hello', { timeoutMs: 3_000 }))
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
