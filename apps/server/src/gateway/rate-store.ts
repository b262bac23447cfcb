import type { connectRedis } from '@freehold/core'

/** Redis that was silent is not asked again for this long. */
const silencedMs = 1_000
/** Buckets in this process before the full ones are cleared away. */
const sweepAt = 10_000

export type Redis = ReturnType<typeof connectRedis>

/** Holds `burst` requests and is refilled with one per `intervalMs`. */
export interface Bucket {
  key: string
  intervalMs: number
  burst: number
}

/** A bucket after a request. */
export interface Level {
  /** Requests that it still holds. */
  remaining: number
  /** Until it is full again. */
  fullInMs: number
  /** Until it holds a request; 0 when it did. */
  waitMs: number
}

/** Takes a request out of every bucket, or out of none when one of them is empty. With -1 for `requests` it gives one back. */
export type TakeRequest = (buckets: readonly Bucket[], requests?: 1 | -1) => Promise<Level[]>

/** How many requests a bucket lacked, and when that was. */
interface Lack {
  requests: number
  atMs: number
}

/** Counts in this process. */
export function createProcessStore(now: () => number = () => performance.now()): TakeRequest {
  const lacks = new Map<string, Lack & { fullAtMs: number }>()
  let sweepNextAt = sweepAt

  function sweep(nowMs: number): void {
    if (lacks.size < sweepNextAt) return
    for (const [key, { fullAtMs }] of lacks) if (fullAtMs <= nowMs) lacks.delete(key)
    sweepNextAt = Math.max(sweepAt, lacks.size * 2)
  }

  return async (buckets, taken = 1) => {
    const nowMs = now()
    sweep(nowMs)
    const found = buckets.map((bucket) => ({ bucket, requests: lackOf(bucket, lacks.get(bucket.key), nowMs) }))
    const allowed = found.every(({ bucket, requests }) => waitFor(bucket, requests, taken) === 0)
    return found.map(({ bucket, requests }) => {
      const reached = allowed ? Math.max(0, requests + taken) : requests
      const fullInMs = reached * bucket.intervalMs
      if (allowed) lacks.set(bucket.key, { requests: reached, atMs: nowMs, fullAtMs: nowMs + fullInMs })
      const remaining = Math.max(0, Math.floor(bucket.burst - reached + grain))
      return { remaining, fullInMs, waitMs: waitFor(bucket, requests, taken) }
    })
  }
}

/** Of a request. Times are rounded, which must not refuse one that there is room for. */
const grain = 0.01

function lackOf({ intervalMs }: Bucket, before: Lack | undefined, nowMs: number): number {
  if (!before) return 0
  return Math.max(0, before.requests - Math.max(0, nowMs - before.atMs) / intervalMs)
}

function waitFor({ intervalMs, burst }: Bucket, lack: number, taken: number): number {
  const over = lack + taken - burst
  return over > grain ? over * intervalMs : 0
}

/**
 * The same in the language of Redis; the tests run over both. KEYS: the buckets. ARGV: the time or '' for the server's
 * own, the grain, how many requests are taken, then each bucket's interval and burst.
 */
const takeScript = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  -- Since 2026, so that fewer digits are lost than since 1970.
  now = (time[1] - 1767225600) * 1000 + time[2] / 1000
end
local grain, taken, allowed, lacks, waits = tonumber(ARGV[2]), tonumber(ARGV[3]), true, {}, {}
for i, key in ipairs(KEYS) do
  local interval, burst, lack = tonumber(ARGV[2 * i + 2]), tonumber(ARGV[2 * i + 3]), 0
  local before = redis.call('GET', key)
  if before then
    local requests, at = before:match('^(%S+) (%S+)$')
    lack = math.max(0, tonumber(requests) - math.max(0, now - tonumber(at)) / interval)
  end
  local over = lack + taken - burst
  lacks[i], waits[i] = lack, over > grain and over * interval or 0
  if waits[i] > 0 then allowed = false end
end
local levels = {}
for i, key in ipairs(KEYS) do
  local interval, burst, reached = tonumber(ARGV[2 * i + 2]), tonumber(ARGV[2 * i + 3]), lacks[i]
  if allowed then
    reached = math.max(0, reached + taken)
    -- A minute longer than it is needed, in case that the given time is not the server's.
    redis.call('SET', key, string.format('%.9f %.6f', reached, now), 'PX', 60000 + math.ceil(reached * interval))
  end
  levels[i] = string.format('%d %.6f %.6f',
    math.max(0, math.floor(burst - reached + grain)), reached * interval, waits[i])
end
return levels`

/**
 * Counts in Redis, together with every other gateway, by its clock; while it is away or takes longer than `patienceMs` to
 * decide, each counts for itself.
 */
export function createRedisStore(redis: Redis, patienceMs = 500, clock?: () => number): TakeRequest {
  const alone = createProcessStore(clock)
  let silentUntilMs = 0
  return async (buckets, taken = 1) => {
    if (buckets.length === 0) return []
    if (!redis.isReady || performance.now() < silentUntilMs) return alone(buckets, taken)
    const keys = buckets.map(({ key }) => `freehold:rate:${key}`)
    const rates = buckets.flatMap(({ intervalMs, burst }) => [String(intervalMs), String(burst)])
    try {
      const given = [String(clock?.() ?? ''), String(grain), String(taken), ...rates]
      return readLevels(await inTime(redis.eval(takeScript, { keys, arguments: given }), patienceMs))
    } catch {
      silentUntilMs = performance.now() + silencedMs
      return alone(buckets, taken)
    }
  }
}

function inTime<T>(answer: Promise<T>, patienceMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('Redis did not answer in time')), patienceMs)
    answer.then(resolve, reject).finally(() => clearTimeout(late))
  })
}

function readLevels(answer: unknown): Level[] {
  if (!Array.isArray(answer)) throw new Error('Redis answered something else')
  return answer.map((line) => {
    const [remaining = 0, fullInMs = 0, waitMs = 0] = String(line).split(' ').map(Number)
    return { remaining, fullInMs, waitMs }
  })
}
