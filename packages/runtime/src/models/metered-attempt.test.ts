import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallMeter, createModelCaller, type UsedCall, type WorstCase } from './index.ts'
import { requestOf } from './request.fixture.ts'
import { callerOf, completes, fails, openStream, startScriptedServer } from './scripted-server.fixture.ts'
import { estimateInputTokens } from './token-estimate.ts'
import { worstCaseOf } from './worst-case.ts'

const model = 'openai/gpt-5-mini'

/** A meter that grants everything but what `refuse` names, and writes down what it is told. */
function openBooks(refuse?: string) {
  const reserved: { id: string; model: string; worstCase: WorstCase }[] = []
  const settled: (UsedCall & { id: string })[] = []
  const meter: CallMeter = {
    async reserve(name, worstCase) {
      if (name === refuse) throw new Error(`no budget for ${name}`)
      const id = `call ${reserved.length + 1}`
      reserved.push({ id, model: name, worstCase })
      return { id, assumedPrice: null }
    },
    async settle(id, used) {
      settled.push({ id, ...used })
    },
  }
  return { meter, reserved, settled, ids: () => reserved.map(({ id }) => id) }
}

describe('the meter', () => {
  it('has each attempt reserved before it is made, and those without an answer settled', async () => {
    await using server = await startScriptedServer(fails(500), fails(429), completes('Third time.'))
    const { meter, settled, ids } = openBooks()
    const reply = await callerOf(server)(requestOf(model, 'hello', { meter }))
    expect(ids()).toEqual(['call 1', 'call 2', 'call 3'])
    expect(settled).toMatchObject(['call 1', 'call 2'].map((id) => ({ id, outcome: 'unanswered', costNanos: 0 })))
    expect(reply).toMatchObject({
      text: 'Third time.',
      callId: 'call 3',
      estimated: false,
      costNanos: 9 * 250 + 3 * 2_000,
    })
  })

  it('is told what was streamed when a stream breaks', async () => {
    await using server = await startScriptedServer((response) => {
      openStream(response, 'x'.repeat(400))
      setTimeout(() => response.destroy(), 20)
    }, completes('Whole.'))
    const { meter, settled } = openBooks()
    const request = requestOf(model, 'hello', { meter })
    await callerOf(server)(request)
    const inputTokens = estimateInputTokens(request)
    const usage = { inputTokens, outputTokens: 100 }
    const costNanos = inputTokens * 250 + 100 * 2_000
    expect(settled).toMatchObject([{ id: 'call 1', outcome: 'broken', estimated: true, usage, costNanos }])
  })

  it('is told of the part when the call is called off', async () => {
    await using server = await startScriptedServer((response) => openStream(response, 'Once'))
    const { meter, settled } = openBooks()
    const controller = new AbortController()
    const onText = () => controller.abort(new Error('cancelled'))
    const call = callerOf(server)(requestOf(model, 'hello', { meter, onText, signal: controller.signal }))
    await expect(call).rejects.toThrow('cancelled')
    expect(settled).toMatchObject([{ outcome: 'broken', usage: { outputTokens: 1 } }])
  })

  it('is told of the input when no answer comes in time, since the provider may have worked', async () => {
    await using server = await startScriptedServer(() => {})
    const { meter, settled } = openBooks()
    const call = callerOf(server, { attemptsPerModel: 1 })(requestOf(model, 'hello', { meter, timeoutMs: 2_000 }))
    await expect(call).rejects.toThrow('took longer')
    expect(settled).toMatchObject([{ outcome: 'broken', usage: { outputTokens: 0 } }])
    expect(settled[0]?.usage.inputTokens).toBeGreaterThan(0)
  })

  it('is told of nothing when no connection comes about', async () => {
    const gone = await startScriptedServer(completes('never'))
    await gone[Symbol.asyncDispose]()
    const { meter, settled } = openBooks()
    await expect(callerOf(gone)(requestOf(model, 'hello', { meter }))).rejects.toThrow('could not be reached')
    expect(settled.map(({ outcome }) => outcome)).toEqual(['unanswered', 'unanswered', 'unanswered'])
  })

  it('is asked for each model of the chain, and not while a breaker is open', async () => {
    await using server = await startScriptedServer(fails(500))
    const { meter, reserved } = openBooks()
    const call = callerOf(server, { backoffMs: 1, attemptsPerModel: 1, breakerFailures: 1 })
    const request = requestOf(model, 'hello', { meter, fallbackModels: ['demo'] })
    await call(request)
    await call(request)
    expect(reserved.map((entry) => entry.model)).toEqual([model, 'demo', 'demo'])
  })

  it('ends the call when it refuses, without a request and without a fallback', async () => {
    await using server = await startScriptedServer(completes('never'))
    const { meter, reserved } = openBooks(model)
    const call = callerOf(server)(requestOf(model, 'hello', { meter, fallbackModels: ['demo'] }))
    await expect(call).rejects.toThrow(`no budget for ${model}`)
    expect([server.requests, reserved]).toEqual([[], []])
  })

  it('is told of an answer that is thrown away', async () => {
    await using server = await startScriptedServer((response) => {
      openStream(response, '')
      response.end(
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'content_filter' }], usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } })}\n\ndata: [DONE]\n\n`,
      )
    })
    const { meter, settled } = openBooks()
    await expect(callerOf(server)(requestOf(model, 'hello', { meter }))).rejects.toThrow('refused to answer')
    expect(settled).toMatchObject([{ id: 'call 1', outcome: 'answered', usage: { inputTokens: 9, outputTokens: 3 } }])
  })

  it('marks an answer whose usage we had to count, and prices it as the tenant assumes', async () => {
    await using server = await startScriptedServer(completes('12345678', null))
    const { meter } = openBooks()
    const assumedPrice = { inputNanosPerToken: 3, outputNanosPerToken: 5 }
    const assuming: CallMeter = { ...meter, reserve: async () => ({ id: 'call', assumedPrice }) }
    const request = requestOf('spare/own-model', 'hello', { meter: assuming })
    const call = createModelCaller({ compatible: { spare: { baseUrl: server.url } } })
    const costNanos = estimateInputTokens(request) * 3 + 2 * 5
    expect(await call(request)).toMatchObject({ callId: 'call', estimated: true, costNanos })
  })
})

describe('the worst case', () => {
  it('is never below what a call of the demo model uses', async () => {
    const call = createModelCaller({ compatible: {} }, { demoChunkMs: 0 })
    const text = fc.string({ unit: 'binary', maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(text, text, fc.integer({ min: 1, max: 50 }), async (system, message, maxOutputTokens) => {
        const request = requestOf('demo', message, { system, maxOutputTokens })
        const { usage } = await call(request)
        const bound = worstCaseOf('demo', request, new Date())
        expect(usage.inputTokens).toBeLessThanOrEqual(bound.inputTokens)
        expect(usage.outputTokens).toBeLessThanOrEqual(bound.outputTokens)
      }),
      { numRuns: 50 },
    )
  })

  it('is never below a token for each byte, in any script', () => {
    for (const message of ['plain', 'größer', '日本語のテキスト', '🙂🙂🙂']) {
      const { inputTokens } = worstCaseOf(model, requestOf(model, message), new Date())
      expect(inputTokens).toBeGreaterThan(Buffer.byteLength(message))
    }
  })

  it('is priced at the dearest way to bill the input', () => {
    const request = requestOf('anthropic/claude-haiku-4-5', 'hello', { maxOutputTokens: 10 })
    const { inputTokens, costNanos } = worstCaseOf(request.model, request, new Date('2026-11-22'))
    expect(costNanos).toBe(inputTokens * 1_250 + 10 * 5_000)
    expect(worstCaseOf('ollama/llama', request, new Date()).costNanos).toBeNull()
  })
})
