import type { TextDelta } from '@freehold/contracts'
import {
  type Cluster,
  hasRedis,
  type RedisServer,
  type ScriptedModel,
  startCluster,
  startRedis,
  startScriptedModel,
  view,
  waitFor,
} from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readJournal, untilEnded, untilJournaled } from './journal.ts'

const steps = 20
const story = 'Once upon a time a message was lost on the way, and nobody minded, for it was only a hint.'

describe.skipIf(!hasRedis())('processes with REDIS_URL', () => {
  let redis: RedisServer
  let model: ScriptedModel
  let cluster: Cluster
  let apiKey: string
  let held: PromiseWithResolvers<void>

  beforeAll(async () => {
    redis = await startRedis()
    model = await startScriptedModel(({ messages }, toolResults) => {
      if (messages.findLast(({ role }) => role === 'user')?.content !== 'count') {
        return { text: story, chunkSize: 3, halfway: held.promise }
      }
      const call = { id: `call_${toolResults}`, name: 'calculate', input: { expression: `${toolResults}+1` } }
      return toolResults === steps ? { text: 'Counted.' } : { text: `Step ${toolResults}.`, toolCalls: [call] }
    })
    cluster = await startCluster({
      workers: 2,
      env: { OPENAI_API_KEY: 'x', OPENAI_BASE_URL: model.url, REDIS_URL: redis.url },
    })
    apiKey = (await cluster.gateway.credentials()).tenants.acme?.apiKey ?? ''
    await cluster.client.createAgent({ body: { name: 'counter', tools: ['calculate'], limits: { maxSteps: 1_000 } } })
  }, 120_000)
  afterAll(async () => {
    held?.resolve()
    await cluster?.[Symbol.asyncDispose]()
    await model[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    held = Promise.withResolvers<void>()
  })

  const startRun = async (message: string) =>
    (await cluster.client.startRun({ params: { name: 'counter' }, body: { message } })).id
  const watch = (runId: string, onText: (delta: TextDelta) => void = () => {}) =>
    view({
      url: cluster.gateway.url,
      apiKey,
      runId,
      cuts: [],
      onFrame: (frame) => frame.type === 'text.delta' && onText(frame),
    })

  it('a new api process shows the text so far of a step that is under way', async () => {
    const runId = await startRun('tell me a story')
    const begun = Promise.withResolvers<void>()
    const early = watch(runId, () => begun.resolve())
    await begun.promise
    await cluster.restartApi('SIGKILL')
    const joined = Promise.withResolvers<TextDelta>()
    const late = watch(runId, joined.resolve)
    const first = await joined.promise
    expect(first.offset).toBe(0)
    expect(story.startsWith(first.delta)).toBe(true)
    held.resolve()
    for (const { events } of await Promise.all([early, late]))
      expect(events).toEqual(await readJournal(cluster.client, runId))
  })

  it('lose no event and finish every run when Redis is killed and comes back empty', async () => {
    const runIds = await Promise.all(Array.from({ length: 6 }, () => startRun('count')))
    const watched = runIds.flatMap((runId) => [runId, runId])
    const watching = watched.map((runId) => watch(runId))
    await untilJournaled(cluster.client, runIds[0] ?? '', ({ seq }) => seq > 5)
    await redis.kill()
    await untilJournaled(cluster.client, runIds[0] ?? '', ({ seq }) => seq > 20)
    const whileAway = await startRun('count')
    await redis.start()
    await redis.command('FLUSHALL')
    const all = [...watching, watch(whileAway)]
    const viewers = await Promise.all(all)
    for (const [index, runId] of [...watched, whileAway].entries()) {
      const journal = await untilEnded(cluster.client, runId)
      expect(journal.at(-1)?.type).toBe('run.succeeded')
      expect(viewers[index]?.events).toEqual(journal)
    }
    for (const { gateway, api, workers } of [cluster])
      for (const server of [gateway, api, ...workers]) {
        const back = () => server.logEntries().some(({ msg }) => String(msg).startsWith('Redis is back'))
        await waitFor(back, { what: 'a process to be back on Redis' })
        const lost = server.logEntries().filter(({ msg }) => String(msg).startsWith('Redis is away'))
        const users = lost.map(({ msg }) => msg)
        expect(users.length).toBeGreaterThan(0)
        expect(new Set(users).size).toBe(users.length)
      }
  }, 60_000)
})
