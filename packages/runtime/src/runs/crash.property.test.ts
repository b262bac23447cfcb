import { type PostgresServer, startPostgres, startTestEngine, type TestEngine, tapDatabase } from '@freehold/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { defineProgram, defineTool, type ProgramRun } from '../index.ts'

type Part =
  | { kind: 'step' }
  | { kind: 'tool' }
  | { kind: 'random' }
  | { kind: 'sleep'; durationMs: number }
  | { kind: 'together'; parts: Part[] }

interface Crash {
  /** The number of the database call at which the worker dies. */
  at: number
  /** Whether the call was done before it died. */
  done: boolean
}

let postgres: PostgresServer
let engine: TestEngine
/** Which life of the run did the effect of a step, by run and step. */
let effects: Map<string, number[]>
let life: number

function noteEffect(key: string): void {
  effects.set(key, [...(effects.get(key) ?? []), life])
}

const effect = defineTool({
  name: 'effect',
  description: 'Has an effect.',
  input: z.unknown(),
  output: z.unknown(),
  risk: 'low',
  idempotent: true,
  handler: async (_, { idempotencyKey, step }) => {
    noteEffect(idempotencyKey)
    return `effect of ${step}`
  },
})

/** The parts to do are the message of the run. */
const generated = defineProgram('generated', async (run) => perform(run, JSON.parse(run.message), 'p'))

async function perform(run: ProgramRun, parts: Part[], path: string): Promise<unknown[]> {
  const results: unknown[] = []
  for (const [index, part] of parts.entries()) results.push(await performPart(run, part, `${path}.${index}`))
  return results
}

async function performPart(run: ProgramRun, part: Part, path: string): Promise<unknown> {
  switch (part.kind) {
    case 'step':
      return run.step('work', () => `work at ${path}`)
    case 'tool':
      return (await run.tool({ id: path, name: 'effect', input: path })).output
    case 'random':
      return typeof (await run.random())
    case 'sleep':
      await run.sleep(part.durationMs)
      return 'slept'
    case 'together':
      return Promise.all(part.parts.map((one, index) => performPart(run, one, `${path}.${index}`)))
  }
}

/** What a run of these parts returns when nothing crashes. */
function expectedOf(parts: Part[]): unknown[] {
  let tools = 0
  const result = (part: Part, path: string): unknown => {
    if (part.kind === 'step') return `work at ${path}`
    if (part.kind === 'tool') return `effect of tool:${++tools}`
    if (part.kind === 'random') return 'number'
    if (part.kind === 'sleep') return 'slept'
    return part.parts.map((one, index) => result(one, `${path}.${index}`))
  }
  return parts.map((part, index) => result(part, `p.${index}`))
}

const leaf = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Part>({ kind: 'tool' }) },
  { weight: 2, arbitrary: fc.constant<Part>({ kind: 'step' }) },
  { weight: 1, arbitrary: fc.constant<Part>({ kind: 'random' }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('sleep' as const), durationMs: fc.integer({ min: 0, max: 15 }) }),
  },
)
const together = fc.record({
  kind: fc.constant('together' as const),
  parts: fc.array(leaf, { minLength: 1, maxLength: 4 }),
})
const program = fc.array(fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: together }), {
  minLength: 1,
  maxLength: 6,
})
const crashes = fc.array(fc.record({ at: fc.integer({ min: 1, max: 14 }), done: fc.boolean() }), {
  minLength: 1,
  maxLength: 3,
})

beforeAll(async () => {
  postgres = await startPostgres()
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [generated],
    tools: [effect],
  })
})
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await postgres.stop()
})

/** Lets a worker live until its crash, or until the run has ended. Returns whether the run has ended. */
async function liveUntil(runId: string, { at, done }: Crash): Promise<boolean> {
  const tap = tapDatabase(engine.database)
  const crashed = Promise.withResolvers<false>()
  let dead = false
  const die = () => {
    dead = true
    crashed.resolve(false)
    throw new Error('this worker is dead')
  }
  tap.before = (_, count) => {
    if (dead || (!done && count >= at)) die()
  }
  tap.after = (_, count) => {
    if (dead || (done && count >= at)) die()
  }
  const worker = await engine.worker({ database: tap.database, pollMs: 20 })
  const ended = await Promise.race([engine.ended(runId).then(() => true), crashed.promise])
  dead = true
  await worker.stop(0)
  return ended
}

async function finishedTools(runId: string): Promise<string[]> {
  return (await engine.journal(runId)).flatMap((event) => (event.type === 'tool.finished' ? [event.data.step] : []))
}

/** Lets a worker die at each point of the plan. Returns in which life each tool call got finished. */
async function outlive(runId: string, plan: readonly Crash[]): Promise<Map<string, number>> {
  const finishedIn = new Map<string, number>()
  for (const crash of [...plan, { at: Number.POSITIVE_INFINITY, done: false }]) {
    const ended = await liveUntil(runId, crash)
    for (const step of await finishedTools(runId)) if (!finishedIn.has(step)) finishedIn.set(step, life)
    if (ended) break
    life += 1
    await engine.expireLeases()
  }
  return finishedIn
}

/** At most one effect in each life, and none after the life in which the call was finished. */
function expectNoRepetition(runId: string, finishedIn: Map<string, number>): void {
  for (const [step, finishedLife] of finishedIn) {
    const lives = effects.get(`${runId}:${step}`) ?? []
    expect(new Set(lives).size).toBe(lives.length)
    expect(Math.max(...lives)).toBeLessThanOrEqual(finishedLife)
  }
  expect(effects.size).toBe(finishedIn.size)
}

it('a run that loses its worker at any points ends as if it had not, and repeats no finished step', async () => {
  await fc.assert(
    fc.asyncProperty(program, crashes, async (parts, plan) => {
      effects = new Map()
      life = 0
      const runId = await engine.start('generated', { message: JSON.stringify(parts) })
      const finishedIn = await outlive(runId, plan)
      expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: expectedOf(parts) } })
      const journal = await engine.journal(runId)
      expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1))
      expect((await finishedTools(runId)).sort()).toEqual([...finishedIn.keys()].sort())
      expectNoRepetition(runId, finishedIn)
    }),
    { numRuns: 120, endOnFailure: true },
  )
}, 120_000)
