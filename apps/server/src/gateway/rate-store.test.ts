import { connectRedis } from '@freehold/core'
import { hasRedis, type RedisServer, startRedis, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Bucket, createProcessStore, createRedisStore, type Redis, type TakeRequest } from './rate-store.ts'

/** What the buckets go by here. */
let nowMs = 0
const clock = () => nowMs
const wait = (ms: number) => {
  nowMs += ms
}

let server: RedisServer | undefined
let redis: Redis | undefined

const stores: { name: string; create: () => TakeRequest }[] = [
  { name: 'in process', create: () => createProcessStore(clock) },
  ...(hasRedis() ? [{ name: 'in Redis', create: () => createRedisStore(connected(), 10_000, clock) }] : []),
]

beforeAll(async () => {
  if (!hasRedis()) return
  server = await startRedis()
  redis = connectRedis(server.url, { onLost: () => {}, onBack: () => {} })
  await waitFor(() => connected().isReady, { what: 'the client to be ready' })
})
afterAll(async () => {
  redis?.destroy()
  await server?.[Symbol.asyncDispose]()
})

function connected(): Redis {
  if (!redis) throw new Error('There is no Redis.')
  return redis
}

describe.each(stores)('a store $name', ({ name, create }) => {
  let take: TakeRequest
  beforeEach(async () => {
    // As in Redis some years from now, with a fraction.
    nowMs = 300_000_000_000.125
    if (name === 'in Redis') await server?.command('FLUSHALL')
    take = create()
  })

  const bucket = (key: string, requestsPerSecond: number, burst: number): Bucket => ({
    key,
    intervalMs: 1_000 / requestsPerSecond,
    burst,
  })
  /** Takes so many, one after the other; how many were allowed. */
  async function allowed(times: number, ...buckets: Bucket[]): Promise<number> {
    let count = 0
    for (let index = 0; index < times; index += 1) {
      if ((await take(buckets)).every(({ waitMs }) => waitMs === 0)) count += 1
    }
    return count
  }

  test.each([
    [1, 1],
    [0.05, 3],
    [3, 10],
    [7, 7],
    [100, 6_000 / 60],
    [100_000, 2_000],
  ])('allows a burst at %d requests a second of exactly %d', async (rate, burst) => {
    expect(await allowed(burst + 5, bucket('a', rate, burst))).toBe(burst)
  })

  test('then allows one for each interval that passes, and no more than the burst however long', async () => {
    const slow = bucket('a', 2, 4)
    expect(await allowed(10, slow)).toBe(4)
    wait(499 * 0.98)
    expect(await allowed(2, slow)).toBe(0)
    wait(500)
    expect(await allowed(2, slow)).toBe(1)
    wait(1_000)
    expect(await allowed(5, slow)).toBe(2)
    wait(24 * 3_600_000)
    expect(await allowed(9, slow)).toBe(4)
  })

  test('gives back what was taken, and no more than that', async () => {
    const few = bucket('a', 1, 2)
    expect(await allowed(3, few)).toBe(2)
    await take([few], -1)
    expect(await allowed(3, few)).toBe(1)
    for (let index = 0; index < 5; index += 1) await take([few], -1)
    expect(await allowed(9, few)).toBe(2)
  })

  test('keeps the average over a long time, however the requests come', async () => {
    const steady = bucket('a', 10, 5)
    let count = 0
    for (let index = 0; index < 400; index += 1) {
      count += await allowed(1, steady)
      wait(25)
    }
    // 10 s.
    expect(count).toBeGreaterThanOrEqual(104)
    expect(count).toBeLessThanOrEqual(106)
  })

  test('says what remains, when it is full again, and how long to wait', async () => {
    const levels = async () => {
      const [level] = await take([bucket('a', 2, 3)])
      return level && { ...level, fullInMs: Math.round(level.fullInMs), waitMs: Math.ceil(level.waitMs / 10) * 10 }
    }
    expect(await levels()).toEqual({ remaining: 2, fullInMs: 500, waitMs: 0 })
    expect(await levels()).toEqual({ remaining: 1, fullInMs: 1_000, waitMs: 0 })
    expect(await levels()).toEqual({ remaining: 0, fullInMs: 1_500, waitMs: 0 })
    expect(await levels()).toEqual({ remaining: 0, fullInMs: 1_500, waitMs: 500 })
    wait(300)
    expect(await levels()).toEqual({ remaining: 0, fullInMs: 1_200, waitMs: 200 })
    wait(200)
    expect(await levels()).toEqual({ remaining: 0, fullInMs: 1_500, waitMs: 0 })
  })

  test('takes from all buckets or from none', async () => {
    const wide = bucket('wide', 1, 10)
    const tight = bucket('tight', 1, 2)
    expect(await allowed(8, wide, tight)).toBe(2)
    expect(await allowed(20, wide)).toBe(8)
  })

  test('keeps buckets apart', async () => {
    expect(await allowed(5, bucket('a', 1, 2))).toBe(2)
    expect(await allowed(5, bucket('b', 1, 2))).toBe(2)
  })

  test('goes by a new rate at once, with what was taken before', async () => {
    expect(await allowed(4, bucket('a', 1, 4))).toBe(4)
    expect(await allowed(8, bucket('a', 2, 10))).toBe(6)
    expect(await allowed(1, bucket('a', 2, 2))).toBe(0)
  })

  test('allows exactly the burst to many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => take([bucket('a', 1, 25)])))
    expect(answers.filter(([level]) => level?.waitMs === 0)).toHaveLength(25)
  })

  test('takes nothing without a bucket', async () => {
    expect(await take([])).toEqual([])
  })
})
