import { isTerminalEvent, type RunEvent, type TextDelta } from '@freehold/contracts'
import { type PostgresServer, startPostgres, startTestEngine, type TestEngine } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defineProgram, type ModelRequest } from '../index.ts'

let postgres: PostgresServer
let engine: TestEngine
let half: PromiseWithResolvers<void>
let rest: PromiseWithResolvers<void>

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
const texts = { red: 'roses are red and so on', blue: 'violets are blue and so on' }

/** Says half of its text, in turns with the call beside it, and waits. */
async function callModel({ messages, onText }: ModelRequest) {
  const asked = messages.at(-1)
  const text = asked?.role === 'user' && asked.content === 'red' ? texts.red : texts.blue
  const say = (from: number, to: number) => {
    for (let at = from; at < to; at += 3) onText?.(at, text.slice(at, at + 3))
  }
  say(0, 6)
  await Promise.resolve()
  say(6, 12)
  half.resolve()
  await rest.promise
  say(12, text.length)
  return {
    model: 'm',
    demo: false,
    text,
    toolCalls: [],
    finishReason: 'stop',
    usage,
    costNanos: 0,
    latencyMs: 1,
    attempts: 1,
  }
}

const pair = defineProgram('pair', (run) =>
  Promise.all(Object.keys(texts).map((content) => run.model({ messages: [{ role: 'user', content }] }))),
)

beforeAll(async () => {
  postgres = await startPostgres()
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [pair],
    callModel,
  })
  await engine.worker()
})
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await postgres.stop()
})

it('a viewer that joins amid two model calls side by side sees both texts without a gap', async () => {
  half = Promise.withResolvers<void>()
  rest = Promise.withResolvers<void>()
  const runId = await engine.start('pair')
  await half.promise
  const shown = new Map<string, string>()
  const events: RunEvent[] = []
  for await (const item of engine.watch(runId, AbortSignal.timeout(10_000))) {
    if (item.type === 'text.delta') {
      // What came before the text it joins in comes before it.
      expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['run.created', 'run.started']))
      take(shown, item)
    } else events.push(item)
    if (shown.size === 2) rest.resolve()
    if (item.type !== 'text.delta' && isTerminalEvent(item)) break
  }
  expect(Object.fromEntries(shown)).toEqual({ 'model:1': texts.red, 'model:2': texts.blue })
  expect(events).toEqual(await engine.journal(runId))
  expect(engine.bus.partialTexts(runId)).toEqual([])
})

function take(shown: Map<string, string>, { step, offset, delta }: TextDelta): void {
  const known = shown.get(step) ?? ''
  expect(offset).toBe(known.length)
  shown.set(step, known + delta)
}

it('text of a step that the journal has whole is not shown after it', async () => {
  const runId = await engine.start('pair')
  await engine.ended(runId)
  const delta = (step: string): TextDelta => ({ type: 'text.delta', step, offset: 0, delta: 'too late' })
  const seen: string[] = []
  // As when a hint overtakes the text that another process sent before it.
  await engine.sql(`update agent_runs set status = 'waiting' where id = $1`, [runId])
  for await (const item of engine.watch(runId, AbortSignal.timeout(10_000))) {
    seen.push(item.type === 'text.delta' ? `text of ${item.step}` : item.type)
    if (item.type === 'run.succeeded') {
      engine.bus.publish({ kind: 'text', runId, delta: delta('model:1') })
      engine.bus.publish({ kind: 'text', runId, delta: delta('model:3') })
    }
    if (item.type === 'text.delta') break
  }
  expect(seen.at(-1)).toBe('text of model:3')
})
