import type { RunEvent } from '@freehold/contracts'
import { type Caller, watchRun } from '@freehold/core'
import {
  type PostgresServer,
  startPostgres,
  startTestEngine,
  type TestEngine,
  tapDatabase,
  waitFor,
} from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defineProgram } from '../index.ts'

const viewers = 200
const steps = 30

let postgres: PostgresServer
let engine: TestEngine
/** Whom the program waits for before each step. */
let mayGoOn: (step: number) => Promise<unknown>

const stepwise = defineProgram('stepwise', async (run) => {
  for (let step = 0; step < steps; step += 1) {
    await mayGoOn(step)
    await run.step('one', () => step)
  }
})

beforeAll(async () => {
  postgres = await startPostgres()
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [stepwise],
  })
  await engine.worker()
})
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await postgres.stop()
})

/** A caller whose viewers' statements are counted, apart from those of the engine. */
function countedCaller() {
  const tapped = tapDatabase(engine.database)
  const caller: Caller = { ...engine.caller, platform: { ...engine.caller.platform, database: tapped.database } }
  return { caller, reads: () => tapped.calls.filter((name) => name === 'read-events').length }
}

async function collect(caller: Caller, runId: string, after: number, onEvent: (event: RunEvent) => void = () => {}) {
  const seen: RunEvent[] = []
  for await (const item of await watchRun(caller, runId, { after, signal: AbortSignal.timeout(25_000) })) {
    if (item.type === 'text.delta') continue
    seen.push(item)
    onEvent(item)
  }
  return seen
}

it('200 viewers of a run cost about one read of the journal for each time that it grows, and each sees all of it', async () => {
  let seenByAll = 0
  // The next step begins when everyone has seen the one before: the worst case, in which no read serves two events.
  mayGoOn = (step) => waitFor(() => seenByAll >= step * viewers, { pollMs: 1, timeoutMs: 25_000, what: 'all viewers' })
  const { caller, reads } = countedCaller()
  const runId = await engine.start('stepwise')
  const all = await Promise.all(
    Array.from({ length: viewers }, () =>
      collect(caller, runId, 0, ({ type }) => {
        if (type === 'step.finished') seenByAll += 1
      }),
    ),
  )
  const journal = await engine.journal(runId)
  for (const seen of all) expect(seen).toEqual(journal)
  expect(journal.length).toBeGreaterThan(steps)
  expect(reads()).toBeLessThan(journal.length * 1.5)
})

it('viewers from everywhere in the journal, and beyond it, end with what they miss', async () => {
  mayGoOn = async () => {}
  const { caller } = countedCaller()
  const runId = await engine.start('stepwise')
  const after = [0, 1, 7, 20, 30, 1_000_000]
  const live = after.map((seq) => collect(caller, runId, seq))
  await engine.ended(runId)
  const late = after.map((seq) => collect(caller, runId, seq))
  const journal = await engine.journal(runId)
  for (const seen of [await Promise.all(live), await Promise.all(late)]) {
    expect(seen).toEqual(after.map((seq) => journal.slice(seq)))
  }
})

it('a viewer that stops in the middle of reading takes nothing from the others, and the last one stops the reading', async () => {
  const held = Promise.withResolvers<void>()
  mayGoOn = (step) => (step === 25 ? held.promise : Promise.resolve())
  const { caller, reads } = countedCaller()
  const runId = await engine.start('stepwise')
  const stalled = await watchRun(caller, runId, { after: 0, signal: AbortSignal.timeout(25_000) })
  await stalled.next()
  const abort = new AbortController()
  const leaving = (async () => {
    for await (const item of await watchRun(caller, runId, { after: 0, signal: abort.signal }))
      if ('seq' in item && item.seq === 20) break
    for await (const item of await watchRun(caller, runId, { after: 0, signal: abort.signal }))
      if ('seq' in item && item.seq === 20) abort.abort()
  })()
  await leaving
  await stalled.return(undefined)
  const before = reads()
  held.resolve()
  await engine.ended(runId)
  expect(reads()).toBe(before)
})
