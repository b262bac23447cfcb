import { connectRedis, type Identity } from '@freehold/core'
import { hasRedis, type RedisServer, startRedis, waitFor } from '@freehold/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLimiter } from './rate-limit.ts'

const perMinute = 3
const ok = { status: 'fulfilled' }
const refused = { status: 'rejected', reason: { code: 'rate_limited', retryable: true } }

const identity: Identity = {
  actor: { kind: 'api_key', id: 'key', name: 'key' },
  tenantId: null,
  permissions: [],
  roles: [],
  teams: [],
  environment: null,
}

describe('attempts to sign in', () => {
  const answer = (status: number) => async () => new Response(null, { status })

  test('are counted when they fail, for their address alone, and a good one is refused then too', async () => {
    const { guardSignIn } = createLimiter(1_000, perMinute)
    const attempt = (address: string, status: number) => guardSignIn(address, answer(status), { sendsMail: false })
    for (const status of [200, 401, 200, 401, 200, 403]) expect((await attempt('a', status)).status).toBe(status)
    for (const status of [401, 200]) await expect(attempt('a', status)).rejects.toMatchObject(refused.reason)
    expect((await attempt('b', 200)).status).toBe(200)
  })

  test('get no further all at once', async () => {
    const { guardSignIn } = createLimiter(1_000, perMinute)
    const attempts = Array.from({ length: 9 }, () => guardSignIn('a', answer(401), { sendsMail: false }))
    const results = await Promise.allSettled(attempts)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(perMinute)
  })

  test('that send a mail are counted when they are good, too', async () => {
    const { guardSignIn } = createLimiter(1_000, perMinute)
    const attempt = () => guardSignIn('a', answer(200), { sendsMail: true })
    for (let index = 0; index < perMinute; index += 1) await attempt()
    await expect(attempt()).rejects.toMatchObject(refused.reason)
  })
})

describe.skipIf(!hasRedis())('gateways with one Redis', () => {
  let redis: RedisServer
  let clients: ReturnType<typeof connectRedis>[]
  let gateways: ReturnType<typeof createLimiter>[]

  beforeEach(async () => {
    redis = await startRedis()
    clients = [1, 2].map(() => connectRedis(redis.url, { onLost: () => {}, onBack: () => {} }))
    gateways = clients.map((client) => createLimiter(perMinute, perMinute, client))
    await untilReady()
  })
  afterEach(async () => {
    for (const client of clients) client.destroy()
    await redis[Symbol.asyncDispose]()
  })

  const untilReady = (ready = true) =>
    waitFor(() => clients.every(({ isReady }) => isReady === ready), {
      what: `clients to be ${ready ? '' : 'not '}ready`,
    })

  /** Calls the gateways in turn, so many times in all. */
  async function call(times: number) {
    const results: PromiseSettledResult<Identity>[] = []
    for (let index = 0; index < times; index += 1) {
      const gateway = gateways[index % gateways.length]
      const [result] = await Promise.allSettled([gateway?.guard('127.0.0.1', async () => identity)])
      results.push(result as PromiseSettledResult<Identity>)
    }
    return results
  }

  test('count a caller together', async () => {
    expect(await call(5)).toMatchObject([ok, ok, ok, refused, refused])
  })

  test('count each for itself while it is away, and together again when it is back', async () => {
    expect(await call(2)).toMatchObject([ok, ok])
    await redis.kill()
    await untilReady(false)
    expect(await call(8)).toMatchObject([ok, ok, ok, ok, ok, ok, refused, refused])
    await redis.start()
    await untilReady()
    expect(await call(4)).toMatchObject([ok, ok, ok, refused])
  })

  test('do not wait for one that does not answer', async () => {
    await redis.command('CLIENT', 'PAUSE', '5000', 'ALL')
    const startedAt = performance.now()
    expect(await call(2)).toMatchObject([ok, ok])
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})
