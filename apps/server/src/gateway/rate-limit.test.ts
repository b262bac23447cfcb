import type { RateLimits } from '@freehold/contracts'
import { connectRedis, type Identity } from '@freehold/core'
import { hasRedis, type RedisServer, startRedis, waitFor } from '@freehold/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLimiter } from './rate-limit.ts'

const perMinute = 3
const refused = { code: 'rate_limited', retryable: true }

function identity({ limits, ...rest }: { limits?: Partial<RateLimits> } & Partial<Omit<Identity, 'limits'>> = {}) {
  return {
    actor: { kind: 'api_key', id: 'key', name: 'key' },
    tenantId: 'tenant',
    permissions: [],
    roles: [],
    teams: [],
    keyId: null,
    environment: null,
    requestsPerSecond: null,
    ...rest,
    limits: { key: null, user: null, tenant: null, ...limits },
  } satisfies Identity
}
const keyOf = (id: string) => ({ kind: 'api_key' as const, id, name: id })
const rate = (burst: number) => ({ requestsPerSecond: 0.01, burst })
const few = rate(2)
const many = rate(20)

type Limiter = ReturnType<typeof createLimiter>

async function countAllowed(limiter: Limiter, times: number, caller: Identity): Promise<number> {
  let allowed = 0
  for (let index = 0; index < times; index += 1) if (!(await limiter.count(caller)).refusal) allowed += 1
  return allowed
}

describe('a request', () => {
  test('counts for its key, as often as the installation allows where the plan says nothing', async () => {
    const limiter = createLimiter(perMinute, perMinute)
    expect(await countAllowed(limiter, 5, identity())).toBe(3)
    expect(await countAllowed(limiter, 5, identity({ actor: keyOf('another') }))).toBe(3)
  })

  test('counts for the plan of a key, which may be more or less than the installation allows', async () => {
    const limiter = createLimiter(perMinute, perMinute)
    expect(await countAllowed(limiter, 30, identity({ limits: { key: many } }))).toBe(20)
    expect(await countAllowed(limiter, 30, identity({ actor: keyOf('b'), limits: { key: few } }))).toBe(2)
  })

  test('counts for the limit of the key itself, which can only be lower', async () => {
    const limiter = createLimiter(perMinute, perMinute)
    expect(await countAllowed(limiter, 5, identity({ requestsPerSecond: 0.02 }))).toBe(1)
    expect(await countAllowed(limiter, 5, identity({ actor: keyOf('b'), requestsPerSecond: 1_000 }))).toBe(3)
  })

  test('counts for one key of a service account, whatever the others have done', async () => {
    const limiter = createLimiter(perMinute, perMinute)
    const account = { kind: 'service_account' as const, id: 'account', name: 'ci' }
    expect(await countAllowed(limiter, 5, identity({ actor: account, keyId: 'a' }))).toBe(3)
    expect(await countAllowed(limiter, 5, identity({ actor: account, keyId: 'b', requestsPerSecond: 0.02 }))).toBe(1)
  })

  test('counts for its tenant, whichever key it came with', async () => {
    const limiter = createLimiter(1_000, 1_000)
    const limits = { tenant: rate(5) }
    expect(await countAllowed(limiter, 3, identity({ limits }))).toBe(3)
    expect(await countAllowed(limiter, 9, identity({ actor: keyOf('b'), limits }))).toBe(2)
    expect(await countAllowed(limiter, 9, identity({ tenantId: 'other', actor: keyOf('c'), limits }))).toBe(5)
  })

  test('counts for its person in a tenant, as often as the installation allows where the plan says nothing', async () => {
    const limiter = createLimiter(perMinute, perMinute)
    const actor = { kind: 'person' as const, id: 'ada', name: 'Ada' }
    expect(await countAllowed(limiter, 9, identity({ actor, limits: { user: rate(4), key: few } }))).toBe(4)
    expect(await countAllowed(limiter, 9, identity({ actor, tenantId: 'other' }))).toBe(3)
    expect(await countAllowed(limiter, 9, identity({ actor: keyOf('ada') }))).toBe(3)
  })

  test('that is refused by one limit counts for none', async () => {
    const limiter = createLimiter(1_000, 1_000)
    const limits = { key: few, tenant: rate(10) }
    expect(await countAllowed(limiter, 50, identity({ limits }))).toBe(2)
    expect(await countAllowed(limiter, 50, identity({ actor: keyOf('b'), limits: { ...limits, key: many } }))).toBe(8)
  })
})

describe('the answer', () => {
  test('tells each limit and what is left of it', async () => {
    const limiter = createLimiter(60, 60)
    const caller = identity({ limits: { tenant: { requestsPerSecond: 0.5, burst: 10 } } })
    const { headers, refusal } = await limiter.count(caller)
    expect(refusal).toBeUndefined()
    expect(headers).toEqual({
      'ratelimit-policy': '"key";q=60;w=60, "tenant";q=10;w=20',
      ratelimit: '"key";r=59;t=1, "tenant";r=9;t=2',
    })
  })

  test('to a request too many says which limit it is and when to come again', async () => {
    const limiter = createLimiter(1_000, 1_000)
    const caller = identity({ limits: { tenant: { requestsPerSecond: 0.1, burst: 1 } } })
    await limiter.count(caller)
    const { headers, refusal } = await limiter.count(caller)
    expect(refusal).toMatchObject({ code: 'rate_limited', retryable: true })
    // As if the second one came at once, or up to two seconds later.
    expect([10, 9, 8]).toContain(refusal?.retryAfterSeconds)
    expect(headers.ratelimit).toContain(`"tenant";r=0;t=${refusal?.retryAfterSeconds}`)
    expect(refusal?.message).toContain('this tenant')
  })
})

describe('attempts to sign in', () => {
  const answer = (status: number) => async () => new Response(null, { status })

  test('are counted when they fail, for their address alone, and a good one is refused then too', async () => {
    const { guardSignIn } = createLimiter(1_000, perMinute)
    const attempt = (address: string, status: number) => guardSignIn(address, answer(status), { sendsMail: false })
    for (const status of [200, 401, 200, 401, 200, 403]) expect((await attempt('a', status)).status).toBe(status)
    for (const status of [401, 200]) await expect(attempt('a', status)).rejects.toMatchObject(refused)
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
    await expect(attempt()).rejects.toMatchObject(refused)
  })
})

describe.skipIf(!hasRedis())('gateways with one Redis', () => {
  let redis: RedisServer
  let clients: ReturnType<typeof connectRedis>[]
  let gateways: Limiter[]

  beforeEach(async () => {
    redis = await startRedis()
    clients = [1, 2].map(() => connectRedis(redis.url, { onLost: () => {}, onBack: () => {} }))
    gateways = clients.map((client) => createLimiter(perMinute, perMinute, client, 10_000))
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
  async function call(times: number, caller = identity()) {
    const results: ('ok' | 'refused')[] = []
    for (let index = 0; index < times; index += 1) {
      const { refusal } = (await gateways[index % gateways.length]?.count(caller)) ?? {}
      results.push(refusal ? 'refused' : 'ok')
    }
    return results
  }
  const times = (ok: number, refused: number) => [...Array(ok).fill('ok'), ...Array(refused).fill('refused')]

  test('count a caller together, for each of its limits', async () => {
    expect(await call(5)).toEqual(times(3, 2))
    const limits = { key: many, tenant: rate(6) }
    expect(await call(10, identity({ actor: keyOf('b'), limits }))).toEqual(times(6, 4))
  })

  test('count each for itself while it is away, and together again when it is back', async () => {
    expect(await call(2)).toEqual(times(2, 0))
    await redis.kill()
    await untilReady(false)
    expect(await call(8)).toEqual(times(6, 2))
    await redis.start()
    await untilReady()
    expect(await call(4)).toEqual(times(3, 1))
  })

  test('do not wait for one that does not answer', async () => {
    gateways = clients.map((client) => createLimiter(perMinute, perMinute, client))
    await redis.command('CLIENT', 'PAUSE', '20000', 'ALL')
    const startedAt = performance.now()
    expect(await call(20, identity({ limits: { key: rate(10) } }))).toEqual(times(20, 0))
    expect(performance.now() - startedAt).toBeLessThan(15_000)
  })
})
