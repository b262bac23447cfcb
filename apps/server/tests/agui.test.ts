import { rm } from 'node:fs/promises'
import type { AGUIEvent, Message } from '@ag-ui/core'
import type { Client } from '@freehold/contracts'
import {
  createDataFolder,
  type ModelQuestionOnWire,
  type ScriptedAnswer,
  type ScriptedModel,
  type ServerProcess,
  spawnServer,
  startScriptedModel,
  waitFor,
} from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { CheckedAgent } from './checked-agent.ts'

let model: ScriptedModel
let server: ServerProcess
let client: Client
let apiKey: string
let held: PromiseWithResolvers<void>

const slowText = 'This answer takes its time, so that a viewer can leave and come back.'

function answer({ messages }: ModelQuestionOnWire): ScriptedAnswer {
  const asked = messages.findLastIndex(({ role }) => role === 'user')
  const question = messages[asked]?.content ?? ''
  const results = messages.slice(asked).filter(({ role }) => role === 'tool').length
  if (question.startsWith('add') && results === 0) {
    return {
      text: 'Let me calculate.',
      chunkSize: 4,
      toolCalls: [
        { id: 'call_sum', name: 'calculate', input: { expression: '2+3' } },
        { id: 'call_product', name: 'calculate', input: { expression: '6*7' } },
      ],
    }
  }
  if (question.startsWith('add')) return { text: 'They are 5 and 42.', chunkSize: 4 }
  if (question.startsWith('first')) {
    const said = messages
      .filter(({ role }) => !/system|developer/.test(role))
      .map(({ role, content }) => `${role}: ${content}`)
    return { text: said.join(' | '), chunkSize: 16 }
  }
  return { text: slowText, chunkSize: 6, halfway: held.promise }
}

beforeAll(async () => {
  model = await startScriptedModel(answer)
  server = await spawnServer({
    dataDir: await createDataFolder(),
    env: { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: model.url },
  })
  await server.ready()
  client = await server.client('acme')
  apiKey = (await server.credentials()).tenants.acme?.apiKey ?? ''
  await client.createAgent({ body: { name: 'broken', model: 'mistral/model' } })
})

afterAll(async () => {
  held?.resolve()
  await server?.[Symbol.asyncDispose]()
  await model[Symbol.asyncDispose]()
  await rm(server.dataDir, { recursive: true, force: true })
})

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {}) // the client prints what it throws
  held = Promise.withResolvers<void>()
})

function createAgent(threadId: string, agent = 'assistant', cutAfter?: string): CheckedAgent {
  return new CheckedAgent({
    url: `${server.url}/agui/${agent}`,
    headers: { authorization: `Bearer ${apiKey}` },
    threadId,
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      return cutAfter === undefined ? response : cut(response, cutAfter)
    },
  })
}

/** A connection that breaks once `text` has come through. */
function cut(response: Response, text: string): Response {
  const decoder = new TextDecoder()
  let seen = ''
  const breaking = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      seen += decoder.decode(chunk, { stream: true })
      controller.enqueue(chunk)
      if (seen.includes(text)) controller.terminate()
    },
  })
  return new Response(response.body?.pipeThrough(breaking), response)
}

function say(agent: CheckedAgent, content: string): void {
  agent.addMessage({ id: crypto.randomUUID(), role: 'user', content })
}

/** Runs the agent and returns what it streamed. */
async function stream(agent: CheckedAgent, runId?: string): Promise<AGUIEvent[]> {
  const events: AGUIEvent[] = []
  await agent.runAgent(runId === undefined ? {} : { runId }, {
    onEvent: ({ event }) => void events.push(event as AGUIEvent),
  })
  return events
}

function textOf(events: readonly AGUIEvent[]): string {
  return events.flatMap((event) => (event.type === 'TEXT_MESSAGE_CONTENT' ? [event.delta] : [])).join('')
}

function contentOf(messages: readonly Message[], role: string): unknown[] {
  return messages.filter((message) => message.role === role).map(({ content }) => content)
}

const textOfAssistant = ({ messages }: CheckedAgent) => String(contentOf(messages, 'assistant').at(-1) ?? '')

it('the official client holds a conversation of two turns with parallel tool calls on one thread', async () => {
  const agent = createAgent('conversation-1')
  say(agent, 'add 2 and 3, multiply 6 by 7')
  const first = await stream(agent)

  expect(first[0]).toMatchObject({ type: 'RUN_STARTED', threadId: 'conversation-1' })
  expect(first.at(-1)).toMatchObject({ type: 'RUN_FINISHED', result: 'They are 5 and 42.' })
  expect(first.filter(({ type }) => type === 'TOOL_CALL_START')).toMatchObject([
    { toolCallId: 'call_sum', toolCallName: 'calculate' },
    { toolCallId: 'call_product', toolCallName: 'calculate' },
  ])
  const results = first.filter((event) => event.type === 'TOOL_CALL_RESULT')
  expect(results.map(({ toolCallId }) => toolCallId).sort()).toEqual(['call_product', 'call_sum'])
  expect(textOf(first)).toBe('Let me calculate.They are 5 and 42.')
  // The client made messages of it: the call with its text, two results, the answer.
  expect(contentOf(agent.messages, 'assistant')).toEqual(['Let me calculate.', 'They are 5 and 42.'])
  expect(contentOf(agent.messages, 'tool')).toHaveLength(2)

  say(agent, 'first question again?')
  const second = await stream(agent)
  const told = textOf(second)
  expect(told).toMatch(/^user: add 2 and 3, multiply 6 by 7 \| assistant: Let me calculate. \| tool: .* \| tool: /)
  expect(told).toMatch(/assistant: They are 5 and 42. \| user: first question again\?$/)
  const { items } = await client.listRuns({ query: { threadId: 'conversation-1' } })
  expect(items.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
})

it('a run that fails ends its stream with RUN_ERROR and the reason', async () => {
  const agent = createAgent('failing-1', 'broken')
  say(agent, 'hello')
  const events = await stream(agent).catch((error: unknown) => error)
  expect(events).toMatchObject([
    { type: 'RUN_STARTED' },
    { type: 'RUN_ERROR', code: 'model_unavailable', message: expect.stringContaining('No key for provider "mistral"') },
  ])
})

it('a run that is cancelled ends its stream as cancelled', async () => {
  const agent = createAgent('cancelled-1')
  say(agent, 'take your time')
  const streaming = stream(agent)
  const run = await waitFor(async () => {
    const { items } = await client.listRuns({ query: { threadId: 'cancelled-1', status: 'running' } })
    return model.arrivals.some(({ question }) => question.messages.at(-1)?.content === 'take your time') && items[0]
  })
  await client.cancelRun({ params: { id: run.id } })
  expect((await streaming).at(-1)).toMatchObject({ type: 'RUN_FINISHED', outcome: { type: 'cancelled' } })
})

it('a client whose connection broke attaches to the same run and gets its whole event sequence', async () => {
  const runId = 'client-run-1'
  const broken = createAgent('reattached-1', 'assistant', 'takes')
  say(broken, 'slowly please')
  const cutOff = await stream(broken, runId)
  expect(cutOff.map(({ type }) => type)).toContain('TEXT_MESSAGE_CONTENT')
  expect(cutOff.map(({ type }) => type)).not.toContain('RUN_FINISHED')

  const again = createAgent('reattached-1')
  again.setMessages(structuredClone(broken.messages.filter(({ role }) => role === 'user')))
  const streaming = stream(again, runId)
  held.resolve()
  const events = await streaming
  expect(events.map(({ type }) => type).filter((type) => type !== 'TEXT_MESSAGE_CONTENT')).toEqual([
    'RUN_STARTED',
    'TEXT_MESSAGE_START',
    'TEXT_MESSAGE_END',
    'RUN_FINISHED',
  ])
  expect(textOf(events)).toBe(slowText)

  // And once more, when the run has long ended.
  const late = createAgent('reattached-1')
  late.setMessages(structuredClone(again.messages.filter(({ role }) => role === 'user')))
  expect(textOf(await stream(late, runId))).toBe(slowText)
  const { items } = await client.listRuns({ query: { threadId: 'reattached-1' } })
  expect(items).toHaveLength(1)
  expect(model.arrivals.filter(({ question }) => question.messages.at(-1)?.content === 'slowly please')).toHaveLength(1)
})

it('a client that connects to a thread in the middle of an answer gets what was said before and the whole answer, once', async () => {
  const agent = createAgent('connected-1')
  say(agent, 'add 2 and 3, multiply 6 by 7')
  await stream(agent)
  say(agent, 'slowly now')
  const streaming = stream(agent)
  await waitFor(() => textOfAssistant(agent).startsWith('This answer'))

  const joined = createAgent('connected-1')
  const joining = joined.connectAgent()
  await waitFor(() => textOfAssistant(joined).startsWith('This answer'))
  expect(textOfAssistant(joined).length).toBeLessThan(slowText.length)
  held.resolve()
  await Promise.all([streaming, joining])
  const late = createAgent('connected-1')
  await late.connectAgent()
  for (const { messages } of [joined, late]) {
    expect(contentOf(messages, 'user')).toEqual(['add 2 and 3, multiply 6 by 7', 'slowly now'])
    expect(contentOf(messages, 'assistant')).toEqual(['Let me calculate.', 'They are 5 and 42.', slowText])
    expect(contentOf(messages, 'tool')).toEqual(contentOf(agent.messages, 'tool'))
  }
  const { items } = await client.listRuns({ query: { threadId: 'connected-1' } })
  expect(items).toHaveLength(2)
})

it('a thread that nobody began is an empty conversation', async () => {
  const agent = createAgent('nobody-began')
  await agent.connectAgent()
  expect(agent.messages).toEqual([])
  expect((await client.listRuns({ query: { threadId: 'nobody-began' } })).items).toEqual([])
})

it('two posts of the same run at the same time start it once and stream the same', async () => {
  held.resolve()
  const streams = ['a', 'b'].map(() => {
    const agent = createAgent('twice-1')
    say(agent, 'slowly, both of you')
    return stream(agent, 'client-run-2')
  })
  const [one, other] = await Promise.all(streams)
  expect(textOf(one ?? [])).toBe(slowText)
  expect(textOf(other ?? [])).toBe(slowText)
  expect((await client.listRuns({ query: { threadId: 'twice-1' } })).items).toHaveLength(1)
})

it('a runId that belongs to another thread is refused', async () => {
  held.resolve()
  const mine = createAgent('owner-1')
  say(mine, 'slowly, this is mine')
  await stream(mine, 'client-run-3')
  const other = createAgent('owner-2')
  say(other, 'slowly, this is mine')
  await expect(stream(other, 'client-run-3')).rejects.toThrow()
  expect((await client.listRuns({ query: { threadId: 'owner-2' } })).items).toHaveLength(0)
})
