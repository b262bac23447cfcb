import type { connectRedis } from '@freehold/core'

/** Redis that takes longer than this to decide is not waited for. */
const patienceMs = 500
/** And is not asked again for this long. */
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

/** Takes a request out of every bucket, or out of none when one of them is empty. */
export type TakeRequest = (buckets: readonly Bucket[]) => Promise<Level[]>

/** Counts in this process. */
export function createProcessStore(now: () => number = () => performance.now()): TakeRequest {
  const times = new Map<string, number>()
  let sweepNextAt = sweepAt

  function sweep(nowMs: number): void {
    if (times.size < sweepNextAt) return
    for (const [key, time] of times) if (time <= nowMs) times.delete(key)
    sweepNextAt = Math.max(sweepAt, times.size * 2)
  }

  return async (buckets) => {
    const nowMs = now()
    sweep(nowMs)
    const { levels, next } = decide(
      buckets,
      buckets.map(({ key }) => times.get(key) ?? 0),
      nowMs,
    )
    buckets.forEach(({ key }, index) => {
      const time = next?.[index]
      if (time !== undefined) times.set(key, time)
    })
    return levels
  }
}

/** Of a request. Times are rounded, which must not refuse one that there is room for. */
const grain = 0.01

/**
 * The generic cell rate algorithm (ITU-T I.371): a bucket is the time at which it will be full. `takeScript` says the same in
 * the language of Redis; the tests run over both.
 */
function decide(
  buckets: readonly Bucket[],
  times: readonly number[],
  nowMs: number,
): { levels: Level[]; next?: number[] } {
  const full = times.map((time) => Math.max(time, nowMs))
  const after = buckets.map(({ intervalMs }, index) => (full[index] ?? nowMs) + intervalMs)
  const waits = buckets.map(({ intervalMs, burst }, index) =>
    Math.max(0, (after[index] ?? 0) - nowMs - intervalMs * burst - grain * intervalMs),
  )
  const allowed = waits.every((waitMs) => waitMs === 0)
  const reached = allowed ? after : full
  const levels = buckets.map(({ intervalMs, burst }, index) => {
    const fullInMs = (reached[index] ?? nowMs) - nowMs
    return {
      remaining: Math.max(0, Math.floor(burst - fullInMs / intervalMs + grain)),
      fullInMs,
      waitMs: waits[index] ?? 0,
    }
  })
  return allowed ? { levels, next: after } : { levels }
}

/** KEYS: the buckets. ARGV: the time or '' for the server's own, the grain, then each bucket's interval and burst. */
const takeScript = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  -- Since 2026, so that fewer digits are lost than since 1970.
  now = (time[1] - 1767225600) * 1000 + time[2] / 1000
end
local grain, allowed, full, after, waits = tonumber(ARGV[2]), true, {}, {}, {}
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  full[i] = math.max(tonumber(redis.call('GET', key) or '0'), now)
  after[i] = full[i] + interval
  waits[i] = math.max(0, after[i] - now - interval * burst - grain * interval)
  if waits[i] > 0 then allowed = false end
end
local levels = {}
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local reached = full[i]
  if allowed then
    reached = after[i]
    redis.call('SET', key, string.format('%.6f', reached), 'PX', math.ceil(reached - now))
  end
  levels[i] = string.format('%d %.6f %.6f',
    math.max(0, math.floor(burst - (reached - now) / interval + grain)), reached - now, waits[i])
end
return levels`

/** Counts in Redis, together with every other gateway, by its clock; while it is away or silent each counts for itself. */
export function createRedisStore(redis: Redis, clock?: () => number): TakeRequest {
  const alone = createProcessStore(clock)
  let silentUntilMs = 0
  return async (buckets) => {
    if (buckets.length === 0) return []
    if (!redis.isReady || performance.now() < silentUntilMs) return alone(buckets)
    const keys = buckets.map(({ key }) => `freehold:rate:${key}`)
    const rates = buckets.flatMap(({ intervalMs, burst }) => [String(intervalMs), String(burst)])
    try {
      return readLevels(
        await inTime(redis.eval(takeScript, { keys, arguments: [String(clock?.() ?? ''), String(grain), ...rates] })),
      )
    } catch {
      silentUntilMs = performance.now() + silencedMs
      return alone(buckets)
    }
  }
}

function inTime<T>(answer: Promise<T>): Promise<T> {
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
