import { cpuTimeMs } from '@freehold/testkit'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type ChatMessage, createModelCaller } from './index.ts'
import { requestOf } from './request.fixture.ts'
import { builtIn, shop } from './tool-offers.fixture.ts'

const call = createModelCaller({ compatible: {} }, { demoChunkMs: 0 })

const fragments = fc.constantFrom(
  ...['What is', '17% of', '2+2', '((', '))', 'https://a.test/', '{"a":', '}', '"', 'ask', 'to', 'delegate', 'time in'],
  ...['__proto__', 'constructor', 'order', 'cancel', 'email', '=', ':', '[', '\\', '\n', 'x@y.z', '--', '^', '%'],
)
const message = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fragments, { maxLength: 30 }).map((all) => all.join(' ')),
)
const tool = fc.record({
  name: fc.oneof(fc.string(), fragments),
  description: fc.string(),
  inputSchema: fc.oneof(
    fc.dictionary(fc.string(), fc.jsonValue()).map((any) => ({ ...any })),
    fc.record({
      type: fc.constant('object'),
      properties: fc.dictionary(
        fc.oneof(fc.string(), fragments, fc.constantFrom('url', 'expression', 'timeZone', 'agent', 'message')),
        fc.jsonValue(),
      ),
      required: fc.array(fc.oneof(fc.string(), fragments)),
    }),
  ),
})
const toolMessage = fc.record({
  role: fc.constant('tool' as const),
  toolCallId: fc.string(),
  name: fc.string(),
  output: fc.jsonValue(),
  failed: fc.boolean(),
})

it('the demo model answers anything at all', async () => {
  const arbitrary = fc.record({
    message,
    system: message,
    tools: fc.array(fc.oneof(tool, fc.constantFrom(...builtIn, ...shop)), { maxLength: 6 }),
    results: fc.array(toolMessage, { maxLength: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ message, system, tools, results }) => {
      const messages: ChatMessage[] = [{ role: 'user', content: message }, ...results]
      const reply = await call(requestOf('demo', '', { system, tools, messages }))
      expect(reply.text !== '' || reply.toolCalls.length > 0).toBe(true)
      for (const { name } of reply.toolCalls) expect(tools.map((offered) => offered.name)).toContain(name)
    }),
    { numRuns: 500 },
  )
})

it('the demo model reads a long message in reasonable time', async () => {
  const pieces = [
    '(',
    '1+',
    'ask a to ',
    '{"',
    '{',
    'http://',
    'a@b',
    '1,',
    '" ',
    ' ',
    '\n',
    `ask a to b${' '.repeat(3_000)}`,
  ]
  for (const piece of [...pieces, 'answer with one word ', 'Options: a|']) {
    const text = piece.repeat(20_000)
    const ask = () => call(requestOf('demo', text, { system: text, tools: [...builtIn, ...shop] }))
    expect(await cpuTimeMs(ask), piece).toBeLessThan(1_000)
  }
})
