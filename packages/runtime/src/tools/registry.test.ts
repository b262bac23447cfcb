import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { currentTime } from './current-time.ts'
import { toolContext } from './fake-context.fixture.ts'
import { builtInTools, callTool, createToolRegistry, defineTool, parseToolInput, ToolError } from './index.ts'

const echo = defineTool({
  name: 'echo',
  description: 'Says it back.',
  input: z.strictObject({ text: z.string().default('nothing') }),
  output: z.object({ text: z.string() }),
  risk: 'low',
  idempotent: true,
  handler: async ({ text }) => ({ text }),
})

test('the registry holds the built-in tools and the extra ones', () => {
  const registry = createToolRegistry([echo])
  expect(registry.list()).toEqual([...builtInTools, echo])
  expect(registry.get('echo')).toBe(echo)
  expect(registry.get('toString')).toBeUndefined()
})

test.each([[[echo, echo]], [[{ ...echo, name: 'calculate' }]]])('two tools of one name are refused', (extra) => {
  expect(() => createToolRegistry(extra)).toThrow(/Two tools are called "(echo|calculate)"/)
})

test('a description holds the JSON Schema of what a caller may send', () => {
  const registry = createToolRegistry([echo])
  expect(registry.describe(echo)).toEqual({
    name: 'echo',
    description: 'Says it back.',
    risk: 'low',
    idempotent: true,
    inputSchema: expect.objectContaining({
      type: 'object',
      properties: { text: { type: 'string', default: 'nothing' } },
      additionalProperties: false,
    }),
  })
  for (const tool of registry.list()) {
    const { inputSchema } = registry.describe(tool)
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(JSON.parse(JSON.stringify(inputSchema))).toEqual(inputSchema)
  }
})

test('delegate is a step of the engine, with arguments that are parsed like any other', () => {
  const tool = createToolRegistry().get('delegate')
  expect(tool).toMatchObject({ kind: 'engine', step: 'delegate' })
  if (tool === undefined) return
  expect(parseToolInput(tool, { agent: 'a', message: 'm' })).toEqual({ agent: 'a', message: 'm' })
  expect(() => parseToolInput(tool, { agent: 'a' })).toThrow(ToolError)
})

test('an output that does not fit its schema is a bug, not a message to the model', async () => {
  const broken = defineTool({ ...echo, handler: async () => ({ text: 1 as unknown as string }) })
  await expect(callTool(broken, {}, toolContext())).rejects.not.toThrow(ToolError)
})

test('the current time is told in UTC and in the zone', async () => {
  vi.useFakeTimers({ now: new Date('2026-11-22T13:04:05Z') })
  try {
    expect(await callTool(currentTime, {}, toolContext())).toMatchObject({
      iso: '2026-11-22T13:04:05.000Z',
      timeZone: 'UTC',
    })
    const local = await callTool(currentTime, { timeZone: 'Europe/Zurich' }, toolContext())
    expect(local).toMatchObject({ timeZone: 'Europe/Zurich', local: expect.stringContaining('22 November 2026') })
    expect(local).toMatchObject({ local: expect.stringContaining('14:04:05') })
  } finally {
    vi.useRealTimers()
  }
})

test('an unknown zone is refused with an example', async () => {
  const call = callTool(currentTime, { timeZone: 'Mars/Olympus' }, toolContext())
  await expect(call).rejects.toThrow(
    '"Mars/Olympus" is not a known time zone. Use an IANA name, such as "Europe/Zurich".',
  )
})
