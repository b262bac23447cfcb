import type { RunEvent, TextDelta } from '@freehold/contracts'
import {
  type Cluster,
  type ModelQuestionOnWire,
  type ScriptedAnswer,
  type ScriptedModel,
  startCluster,
  startScriptedModel,
  view,
} from '@freehold/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { readJournal, untilEnded, untilJournaled } from './journal.ts'

const steps = 50
const storyText = 'Once upon a time a run was watched by many, and nobody missed a word of it.'

let model: ScriptedModel
let cluster: Cluster
let apiKey: string
let held: PromiseWithResolvers<void>

beforeAll(async () => {
  model = await startScriptedModel(answer)
  cluster = await startCluster({ workers: 1, env: { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: model.url } })
  apiKey = cluster.apiKey
  const limits = { maxSteps: 1_000 }
  await cluster.client.createAgent({ body: { name: 'counter', tools: ['calculate'], limits } })
})

afterAll(async () => {
  held?.resolve()
  await cluster?.[Symbol.asyncDispose]()
  await model[Symbol.asyncDispose]()
})

beforeEach(() => {
  held = Promise.withResolvers<void>()
})

/** "count" is a run of many steps, each with text and two tool calls; anything else gets a story, half of it held. */
function answer({ messages }: ModelQuestionOnWire, toolResults: number): ScriptedAnswer {
  if (messages.findLast(({ role }) => role === 'user')?.content !== 'count') {
    return { text: storyText, chunkSize: 3, halfway: held.promise }
  }
  const step = toolResults / 2
  if (step === steps) return { text: 'Counted.' }
  const calls = ['a', 'b'].map((name) => ({
    id: `call_${step}_${name}`,
    name: 'calculate',
    input: { expression: `${step}+1` },
  }))
  return { text: `This is step ${step}.`, chunkSize: 4, toolCalls: calls }
}

async function startRun(message: string): Promise<string> {
  return (await cluster.client.startRun({ params: { name: 'counter' }, body: { message } })).id
}

function watch(runId: string, cuts: readonly number[], onFrame?: (frame: RunEvent | TextDelta) => void) {
  return view({ url: cluster.gateway.url, apiKey, runId, cuts, ...(onFrame && { onFrame }) })
}

/** Within one connection, each delta of a step goes on where the last one ended, or begins it. */
function expectNoGaps(texts: readonly (readonly TextDelta[])[]): void {
  for (const connection of texts) {
    const length = new Map<string, number>()
    for (const { step, offset, delta } of connection) {
      expect([0, length.get(step)]).toContain(offset)
      length.set(step, offset + delta.length)
    }
  }
}

function textOf(deltas: readonly TextDelta[], step: string): string {
  return deltas
    .filter((delta) => delta.step === step)
    .reduce((text, { offset, delta }) => text.slice(0, offset) + delta, '')
}

it('viewers that are cut every few events end with exactly the journal, live and across a restart of the api', async () => {
  const runId = await startRun('count')
  const everyThird = Array.from({ length: 400 }, () => 3)
  const untilHalf = untilJournaled(cluster.client, runId, ({ seq }) => seq > (steps * 5) / 2)
  const watching = [watch(runId, everyThird), watch(runId, [1, 1, 2, 40, 7, 100]), watch(runId, [])]
  await untilHalf
  await cluster.restartApi('SIGKILL')
  const viewers = await Promise.all(watching)
  const journal = await untilEnded(cluster.client, runId)

  expect(journal.length).toBeGreaterThan(steps * 5)
  expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1))
  for (const { events, texts } of viewers) {
    expect(events).toEqual(journal)
    expectNoGaps(texts)
  }
  expect(viewers[0]?.connections).toBeGreaterThan(50)
  expect(viewers[2]?.connections).toBeGreaterThan(1)
}, 60_000)

it('a viewer that is cut at any points ends with exactly the journal', async () => {
  const runId = await startRun('count')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }), async (cuts) => {
      const { events, texts } = await watch(runId, cuts)
      expect(events).toEqual(await readJournal(cluster.client, runId))
      expectNoGaps(texts)
    }),
    { numRuns: 12 },
  )
}, 60_000)

it('a viewer that joins in the middle of a model call first gets the text so far, and then the rest', async () => {
  const runId = await startRun('tell me a story')
  const first: TextDelta[] = []
  const half = Promise.withResolvers<void>()
  const early = watch(runId, [], (frame) => {
    if (frame.type !== 'text.delta') return
    first.push(frame)
    if (textOf(first, 'model:1').length >= storyText.length / 2 - 3) half.resolve()
  })
  await half.promise
  const joined = Promise.withResolvers<TextDelta>()
  const late = watch(runId, [], (frame) => {
    if (frame.type === 'text.delta') joined.resolve(frame)
  })
  const { offset, delta } = await joined.promise
  expect(offset).toBe(0)
  expect(storyText.startsWith(delta)).toBe(true)
  expect(delta.length).toBeGreaterThan(storyText.length / 2 - 6)
  held.resolve()
  for (const { events, texts } of await Promise.all([early, late])) {
    expectNoGaps(texts)
    expect(textOf(texts.flat(), 'model:1')).toBe(storyText)
    expect(events.at(-1)).toMatchObject({ type: 'run.succeeded', data: { output: storyText } })
  }
})

it('text is live: it comes in several frames before the journal has the whole of it', async () => {
  const order: string[] = []
  await watch(await startRun('tell me another story'), [], ({ type }) => {
    order.push(type)
    if (type === 'text.delta') held.resolve()
  })
  const finished = order.indexOf('model.finished')
  expect(order.slice(0, finished).filter((type) => type === 'text.delta').length).toBeGreaterThan(0)
  // What the journal has comes no second time as live text.
  expect(order.slice(finished)).not.toContain('text.delta')
})

it('an api that was restarted in the middle of a model call shows no text with a gap', async () => {
  const runId = await startRun('tell me a long story')
  const seen = Promise.withResolvers<void>()
  const watching = watch(runId, [], ({ type }) => {
    if (type === 'text.delta') seen.resolve()
  })
  await seen.promise
  await cluster.restartApi('SIGTERM')
  const again = watch(runId, [])
  held.resolve()
  for (const { events, texts } of await Promise.all([watching, again])) {
    expectNoGaps(texts)
    expect(events).toEqual(await readJournal(cluster.client, runId))
  }
})
