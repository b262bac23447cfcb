import type { ToolCall } from '@freehold/contracts'
import { describe, expect, it } from 'vitest'
import { demoLabel } from './demo/answer.ts'
import { type ChatMessage, createModelCaller, type ToolOffer } from './index.ts'
import { collectText, requestOf } from './request.fixture.ts'
import { builtIn, shop } from './tool-offers.fixture.ts'

const call = createModelCaller({ compatible: {} }, { demoChunkMs: 0 })

/** What the demo calls for a message, without the ids. */
async function callsFor(message: string, tools: readonly ToolOffer[] = builtIn): Promise<Omit<ToolCall, 'id'>[]> {
  const reply = await call(requestOf('demo', message, { tools }))
  return reply.toolCalls.map(({ name, input }) => ({ name, input }))
}

/** The demo's answer to a message once its calls have these outputs, without the label. */
async function answerTo(message: string, outputs: readonly unknown[], failed = false): Promise<string> {
  const first = await call(requestOf('demo', message, { tools: builtIn }))
  expect(first.toolCalls).toHaveLength(outputs.length)
  const messages: ChatMessage[] = [
    { role: 'user', content: message },
    { role: 'assistant', content: first.text, toolCalls: first.toolCalls },
    ...first.toolCalls.map(
      ({ id, name }, index): ChatMessage => ({ role: 'tool', toolCallId: id, name, output: outputs[index], failed }),
    ),
  ]
  const reply = await call(requestOf('demo', '', { tools: builtIn, messages }))
  expect(reply.toolCalls).toEqual([])
  expect(reply.text.endsWith(`\n${demoLabel}`)).toBe(true)
  return reply.text.replace(demoLabel, '').trim()
}

describe('the demo model with the built-in tools', () => {
  it.each([
    ['What is 17% of 2340?', ['2340 * 17 / 100']],
    ['what is (3+4)*12?', ['(3+4)*12']],
    ['How much is 15 percent of 80 plus 3?', ['(80 * 15 / 100) + 3']],
    ['What is 12 times 4, and 10 divided by 2?', ['12 * 4', '10 / 2']],
    ['Compute 1,234.5 + 5.', ['1234.5 + 5']],
    ['What is the square root of 144?', ['sqrt(144)']],
    ['-5 + 3', ['-5 + 3']],
  ])('calculates: %s', async (message, expressions) => {
    const calls = expressions.map((expression) => ({ name: 'calculate', input: { expression } }))
    expect(await callsFor(message)).toEqual(calls)
  })

  it.each([
    ['What time is it in Tokyo?', ['Asia/Tokyo']],
    ['time in London and New York please', ['Europe/London', 'America/New_York']],
    ['what is the current time in Europe/Zurich', ['Europe/Zurich']],
  ])('tells the time: %s', async (message, zones) => {
    expect(await callsFor(message)).toEqual(zones.map((timeZone) => ({ name: 'current_time', input: { timeZone } })))
  })

  it.each([
    ['Fetch https://example.com/x', [{ method: 'GET', url: 'https://example.com/x' }]],
    ['POST {"a":1} to http://shop.test/x.', [{ method: 'POST', url: 'http://shop.test/x', body: { a: 1 } }]],
    ['post to http://shop.test/x with {"b":[2]}', [{ method: 'POST', url: 'http://shop.test/x', body: { b: [2] } }]],
    [
      'Call http://a.test and http://b.test',
      [
        { method: 'GET', url: 'http://a.test' },
        { method: 'GET', url: 'http://b.test' },
      ],
    ],
    ['Delete http://a.test/7', [{ method: 'DELETE', url: 'http://a.test/7' }]],
  ])('makes requests: %s', async (message, inputs) => {
    expect(await callsFor(message)).toEqual(inputs.map((input) => ({ name: 'http_request', input })))
  })

  it.each([
    ['Ask researcher to summarise X', [{ agent: 'researcher', message: 'summarise X' }]],
    ['delegate to researcher: add 2+2', [{ agent: 'researcher', message: 'add 2+2' }]],
    ['Delegate the report to the writer agent.', [{ agent: 'writer', message: 'the report' }]],
    [
      'Ask the researcher to find 3 papers and ask writer to summarise them.',
      [
        { agent: 'researcher', message: 'find 3 papers' },
        { agent: 'writer', message: 'summarise them' },
      ],
    ],
  ])('delegates: %s', async (message, inputs) => {
    expect(await callsFor(message)).toEqual(inputs.map((input) => ({ name: 'delegate', input })))
  })

  it('does several things at once', async () => {
    const calls = await callsFor('What is 2+2 and what time is it?')
    expect(new Set(calls.map(({ name }) => name))).toEqual(new Set(['calculate', 'current_time']))
    expect(calls).toHaveLength(2)
  })

  it.each(['Hello!', 'tell me a joke', 'See pages 3-5, 24/7, on 2026-11-22 at 10:30', 'Tell me about questions', ''])(
    'calls nothing for %j, and says what it can do',
    async (message) => {
      const reply = await call(requestOf('demo', message, { tools: builtIn }))
      expect(reply.toolCalls).toEqual([])
      for (const { name } of builtIn) expect(reply.text).toContain(`- ${name}: `)
    },
  )
})

describe('the answer', () => {
  it('tells results in the order in which they were asked for', async () => {
    expect(await answerTo('What is 17% of 2340?', [{ result: 397.8 }])).toBe('17% of 2340 is 397.8.')
    expect(await answerTo('what is (3+4)*12?', [{ result: 84 }])).toBe('(3+4)*12 = 84.')
    expect(await answerTo('What time is it in Tokyo?', [{ iso: 'x', local: 'Sunday, 09:00' }])).toBe(
      'The time in Asia/Tokyo is Sunday, 09:00.',
    )
    const pages = [
      { status: 200, body: 'Hello' },
      { status: 404, body: { error: 'gone' } },
    ]
    expect(await answerTo('Call http://a.test and http://b.test', pages)).toBe(
      'GET http://a.test answered 200: Hello\nGET http://b.test answered 404: error gone',
    )
  })

  it('passes on what another agent said, without its label', async () => {
    const output = { runId: 'r', status: 'succeeded', output: `Cats sleep.\n\n${demoLabel}` }
    expect(await answerTo('Ask researcher to study cats', [output])).toBe('researcher answered: Cats sleep.')
    expect(await answerTo('Ask researcher to study cats', [{ runId: 'r', status: 'failed', output: null }])).toBe(
      'researcher gave no answer: its run failed.',
    )
  })

  it('admits that a tool failed, or gave nothing', async () => {
    const failure = await answerTo('What is 17% of 0?', ['The service is down'], true)
    expect(failure).toBe('calculate failed: The service is down.')
    const messages: ChatMessage[] = [
      { role: 'user', content: 'What is 2+2?' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'calculate', input: {} }] },
    ]
    const reply = await call(requestOf('demo', '', { tools: builtIn, messages }))
    expect(reply).toMatchObject({ toolCalls: [], text: expect.stringContaining('calculate gave no result') })
  })
})

describe('the demo model with tools it has never seen', () => {
  it.each([
    [
      'Send an email to bob@example.com with subject "Hi" and body "See you."',
      { name: 'send_email', input: { to: 'bob@example.com', subject: 'Hi', body: 'See you.' } },
    ],
    ['Where is my order A-123?', { name: 'get_order', input: { orderId: 'A-123' } }],
    ['Cancel order 77', { name: 'cancel_order', input: { orderId: '77' } }],
    ['Search the documents for refund policy, limit: 3', { name: 'search_documents', input: { limit: 3 } }],
    [
      'set light: room=kitchen on=true brightness=40',
      { name: 'set_light', input: { room: 'kitchen', on: true, brightness: 40 } },
    ],
    ['What is the weather in New York?', { name: 'get_weather', input: { city: 'New York' } }],
    ['set_light {"room":"living room","on":false}', { name: 'set_light', input: { room: 'living room', on: false } }],
  ])('%s', async (message, expected) => {
    const calls = await callsFor(message, shop)
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject(expected)
  })

  it('asks for what is missing instead of calling', async () => {
    const reply = await call(requestOf('demo', 'Send an email to bob@example.com', { tools: shop }))
    expect(reply.toolCalls).toEqual([])
    expect(reply.text).toContain('To use send_email I still need subject and body.')
  })

  it('does not act on a guess', async () => {
    expect(await callsFor('How do I get my money back for 77?', shop)).toEqual([])
    expect(await callsFor('cancel it', shop)).toEqual([])
  })
})

describe('a prompt with options', () => {
  const system = 'Decide how to go on.\nOptions: answer | tools | delegate\n- tools: needs a calculation or a lookup'

  it.each([
    ['What is 2+2?', 'tools'],
    ['Ask researcher to read it', 'delegate'],
    ['Hello there', 'answer'],
  ])('is answered with exactly one: %s', async (message, expected) => {
    const reply = await call(requestOf('demo', message, { system, tools: builtIn }))
    expect(reply).toMatchObject({ text: expected, toolCalls: [] })
  })

  it('may also be spoken', async () => {
    const spoken = 'Answer with exactly one word: "chat", "math" or "web".'
    expect((await call(requestOf('demo', 'what is 3*4?', { system: spoken }))).text).toBe('math')
    expect((await call(requestOf('demo', 'fetch http://a.test', { system: spoken }))).text).toBe('web')
    expect((await call(requestOf('demo', 'good morning', { system: spoken }))).text).toBe('chat')
  })
})

describe('the demo model', () => {
  it('is deterministic, labelled, free, and counts tokens', async () => {
    const request = requestOf('demo', 'What is 2+2?', { tools: builtIn })
    const [first, second] = [await call(request), await call(request)]
    expect({ ...first, latencyMs: 0 }).toEqual({ ...second, latencyMs: 0 })
    expect(first).toMatchObject({ model: 'demo', demo: true, costNanos: 0, finishReason: 'tool-calls' })
    expect(first.usage.inputTokens).toBeGreaterThan(100)
    expect(first.usage.outputTokens).toBeGreaterThan(5)
  })

  it('streams its text in small pieces, and stops when told to', async () => {
    const live = collectText()
    let deltas = 0
    const onText = (offset: number, delta: string) => {
      deltas++
      live.onText(offset, delta)
    }
    const reply = await call(requestOf('demo', 'hello', { tools: builtIn, onText }))
    expect(live.attempts).toEqual([reply.text])
    expect(deltas).toBeGreaterThan(10)

    const controller = new AbortController()
    const reason = new Error('enough')
    const stopped = call(
      requestOf('demo', 'hello', { signal: controller.signal, onText: () => controller.abort(reason) }),
    )
    await expect(stopped).rejects.toBe(reason)
  })

  it('keeps to maxOutputTokens', async () => {
    const reply = await call(requestOf('demo', 'hello', { maxOutputTokens: 5 }))
    expect(reply).toMatchObject({ finishReason: 'length', usage: { outputTokens: 5 } })
  })
})
