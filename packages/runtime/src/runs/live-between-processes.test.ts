import { isTerminalEvent, type RunEvent, type TextDelta } from '@freehold/contracts'
import { type Bus, type Caller, type Database, LocalBus, PostgresBus, RedisBus, watchRun } from '@freehold/core'
import {
  hasRedis,
  type PostgresServer,
  type RedisServer,
  startPostgres,
  startRedis,
  startTestEngine,
  type TestEngine,
  waitFor,
} from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { defineProgram, type ModelRequest } from '../index.ts'

let postgres: PostgresServer
let redis: RedisServer
const withRedis = hasRedis()

beforeAll(async () => {
  postgres = await startPostgres()
  if (withRedis) redis = await startRedis()
})
afterAll(async () => {
  await postgres.stop()
  await redis?.[Symbol.asyncDispose]()
})

const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
// Longer than a message between processes can be, with characters that take more than one byte.
const text = Array.from({ length: 3_000 }, (_, index) => `${index} ≈ "ünï" 🜁\n`).join('')
const half = Math.floor(text.length / 2)

let saidHalf: PromiseWithResolvers<void>
let goOn: PromiseWithResolvers<void>
let engine: TestEngine
let buses: Bus[]
let openBus: (database: Database) => Promise<Bus>
let redisTrouble: string[]

async function callModel({ onText }: ModelRequest) {
  const say = (from: number, to: number) => {
    for (let at = from; at < to; at += 97) onText?.(at, text.slice(at, Math.min(at + 97, to)))
  }
  say(0, half)
  saidHalf.resolve()
  await goOn.promise
  say(half, text.length)
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

const speak = defineProgram('speak', async (run) => {
  await run.step('before', () => 1)
  await run.model({ messages: [{ role: 'user', content: 'speak' }] })
  return run.step('after', () => 2)
})

const openers: Record<string, (database: Database) => Promise<Bus>> = {
  'one process': async () => buses[0] ?? new LocalBus(),
  NOTIFY: async (database) => {
    const bus = new PostgresBus(database)
    await bus.open()
    return bus
  },
  Redis: async () =>
    new RedisBus(redis.url, { onLost: () => redisTrouble.push('lost'), onBack: () => redisTrouble.push('back') }),
}

async function setUp(kind: string): Promise<void> {
  saidHalf = Promise.withResolvers<void>()
  goOn = Promise.withResolvers<void>()
  buses = []
  redisTrouble = []
  openBus = async (database) => {
    const bus = await openers[kind]?.(database)
    if (!bus) throw new Error(`no bus "${kind}"`)
    buses.push(bus)
    return bus
  }
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [speak],
    callModel,
    bus: openBus,
  })
  await engine.worker()
}

afterEach(async () => {
  await Promise.all(buses.map((bus) => bus.close()))
  await engine[Symbol.asyncDispose]()
})

/** A caller on a process of its own, as far as the bus is concerned. */
async function elsewhere(): Promise<Caller> {
  const { platform } = engine.caller
  return { ...engine.caller, platform: { ...platform, bus: await openBus(platform.database) } }
}

interface View {
  events: RunEvent[]
  deltas: TextDelta[]
  text: () => string
  done: Promise<void>
}

/** Watches a run to its end. */
async function view(caller: Caller, runId: string): Promise<View> {
  const items = await watchRun(caller, runId, { after: 0, signal: AbortSignal.timeout(20_000) })
  const events: RunEvent[] = []
  const deltas: TextDelta[] = []
  const read = async () => {
    for await (const item of items) item.type === 'text.delta' ? deltas.push(item) : events.push(item)
  }
  return { events, deltas, text: () => deltas.map(({ delta }) => delta).join(''), done: read() }
}

/** Each piece of text goes on where the one before it ended: nothing missing, nothing twice. */
function expectWithoutGap({ deltas }: View): void {
  let length = 0
  for (const { offset, delta } of deltas) {
    expect(offset).toBe(length)
    length += delta.length
  }
}

describe.each(Object.keys(openers))('by %s', (kind) => {
  const skipped = kind === 'Redis' && !withRedis
  beforeEach((context) => (skipped ? context.skip('no redis-server on this machine') : setUp(kind)))

  it('a viewer that joins amid a step, where nobody listened before, sees its text from the beginning', async () => {
    const runId = await engine.start('speak')
    await saidHalf.promise
    const viewer = await view(await elsewhere(), runId)
    await waitFor(() => viewer.text() === text.slice(0, half), { what: 'the text so far' })
    goOn.resolve()
    await viewer.done
    expectWithoutGap(viewer)
    expect(viewer.events).toEqual(await engine.journal(runId))
  })

  it('one that was there before sees nothing twice when another one joins', async () => {
    const first = await elsewhere()
    const runId = await engine.start('speak')
    const before = await view(first, runId)
    await saidHalf.promise
    await waitFor(() => before.text() === text.slice(0, half), { what: 'the first half' })
    const joins = await Promise.all([view(await elsewhere(), runId), view(first, runId), view(engine.caller, runId)])
    for (const viewer of joins) await waitFor(() => viewer.text() === text.slice(0, half), { what: 'the text so far' })
    goOn.resolve()
    const all = [before, ...joins]
    await Promise.all(all.map(({ done }) => done))
    for (const viewer of all) expectWithoutGap(viewer)
    for (const viewer of all) expect(viewer.events).toEqual(await engine.journal(runId))
  })

  it('a worker hears of work and of a cancellation elsewhere', async () => {
    const caller = await elsewhere()
    const heard: string[] = []
    engine.bus.onWork(() => heard.push('work'))
    engine.bus.onCancel((runId, by) => heard.push(`cancel ${runId} by ${by}`))
    const tell = () => {
      caller.platform.bus.publish({ kind: 'work' })
      caller.platform.bus.publish({ kind: 'cancel', runId: 'run', by: 'me' })
      return heard.includes('work') && heard.includes('cancel run by me')
    }
    await waitFor(tell, { what: 'the hints' })
  })
})

describe.skipIf(!withRedis)('Redis', () => {
  beforeEach(() => setUp('Redis'))

  it('killed amid a step, and empty when it is back: no event is lost, and live text goes on without a gap', async () => {
    const runId = await engine.start('speak')
    const viewer = await view(await elsewhere(), runId)
    await saidHalf.promise
    await waitFor(() => viewer.text() === text.slice(0, half), { what: 'the first half' })
    await redis.kill()
    await waitFor(() => redisTrouble.length === 2, { what: 'both to notice' })
    const late = await view(await elsewhere(), runId)
    await waitFor(() => late.events.length === viewer.events.length, { what: 'the journal without Redis' })
    expect(late.text()).toBe('')
    await redis.start()
    await redis.command('FLUSHALL')
    await waitFor(() => late.text() === text.slice(0, half), { what: 'the text so far' })
    goOn.resolve()
    await Promise.all([viewer.done, late.done])
    for (const each of [viewer, late]) expectWithoutGap(each)
    for (const each of [viewer, late]) expect(each.events).toEqual(await engine.journal(runId))
    expect(redisTrouble.toSorted()).toEqual(['back', 'back', 'back', 'lost', 'lost', 'lost'])
  })

  it('away from beginning to end: runs finish and viewers see every event', async () => {
    await redis.kill()
    try {
      const runId = await engine.start('speak')
      const viewer = await view(await elsewhere(), runId)
      goOn.resolve()
      await viewer.done
      expect(viewer.events.at(-1)).toSatisfy(isTerminalEvent)
      expect(viewer.events).toEqual(await engine.journal(runId))
    } finally {
      await redis.start()
    }
  })

  it('is subscribed to a run’s channel only while somebody here watches it', async () => {
    const runId = await engine.start('speak')
    await saidHalf.promise
    const channels = () => redis.command('PUBSUB', 'CHANNELS')
    expect(await channels()).not.toContain(runId)
    const viewers = await Promise.all([elsewhere(), elsewhere()].map(async (caller) => view(await caller, runId)))
    await waitFor(async () => (await channels()).includes(runId), { what: 'the subscriptions' })
    goOn.resolve()
    await Promise.all(viewers.map(({ done }) => done))
    await waitFor(async () => !(await channels()).includes(runId), { what: 'the subscriptions to end' })
  })
})
