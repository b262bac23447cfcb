import { FreeholdError, type Rate } from '@freehold/contracts'
import type { Identity } from '@freehold/core'
import { type Bucket, createProcessStore, createRedisStore, type Level, type Redis } from './rate-store.ts'

/** Attempts with bad keys from one address. */
const failures = { intervalMs: 500, burst: 120 }

/** One that a caller is under, with its rate. */
interface Limit extends Bucket {
  name: 'key' | 'user' | 'tenant'
}

/** What a request came to: the header fields that tell its caller, and the refusal if it is one. */
export interface Verdict {
  headers: Record<string, string>
  refusal: FreeholdError | undefined
}

/**
 * Limits the requests of each key, each person and each tenant, and each address's failed attempts to be one: per gateway
 * process, or with Redis in all of them together. The tightest limit decides, and a refused request counts for none.
 */
export function createLimiter(
  requestsPerMinute: number,
  signInsPerMinute: number,
  redis?: Redis,
  redisPatienceMs?: number,
) {
  const take = redis ? createRedisStore(redis, redisPatienceMs) : createProcessStore()
  const usual = { intervalMs: 60_000 / requestsPerMinute, burst: requestsPerMinute }

  const signIns = { intervalMs: 60_000 / signInsPerMinute, burst: signInsPerMinute }

  /** Counts a request of someone who is known. */
  async function count(identity: Identity): Promise<Verdict> {
    const limits = limitsOn(identity, usual)
    const levels = await take(limits)
    return { headers: describe(limits, levels), refusal: refuse(limits, levels) }
  }

  /**
   * Finds out who calls by `identify`. A good key is never refused for the bad ones that came from its address: behind a
   * proxy everyone has the same.
   */
  async function guard(address: string, identify: () => Promise<Identity>): Promise<Identity> {
    try {
      return await identify()
    } catch (error) {
      if (error instanceof FreeholdError && error.code === 'unauthenticated') {
        const [level] = await take([{ key: `failures:${address}`, ...failures }])
        if (level && level.waitMs > 0) throw tooMany('Too many requests with a bad key came from this address.', level)
      }
      throw error
    }
  }

  /**
   * Counts an attempt to sign in, and takes it back when it was a good one, unless it sends a mail. Counted first, so that
   * many at once get no further than one after the other.
   */
  async function guardSignIn(
    address: string,
    answer: () => Promise<Response>,
    { sendsMail }: { sendsMail: boolean },
  ): Promise<Response> {
    const bucket = [{ key: `sign-ins:${address}`, ...signIns }]
    const [level] = await take(bucket)
    if (level && level.waitMs > 0) throw tooMany('Too many attempts to sign in came from this address.', level)
    const response = await answer()
    if (response.ok && !sendsMail) await take(bucket, -1)
    return response
  }

  /** Counts a request of somebody who need not say who they are. */
  async function guardPublic(address: string, answer: () => Promise<Response>): Promise<Response> {
    const [level] = await take([{ key: `public:${address}`, ...usual }])
    if (level && level.waitMs > 0) throw tooMany('Too many requests came from this address.', level)
    return answer()
  }
  return { count, guard, guardSignIn, guardPublic }
}

function limitsOn(identity: Identity, usual: Omit<Bucket, 'key'>): Limit[] {
  const { actor, keyId, tenantId, limits } = identity
  // A person is the same with whatever they signed in, and has the allowance of each tenant that they are in.
  const own: Limit =
    actor.kind === 'person'
      ? { name: 'user', key: `user:${tenantId}:${actor.id}`, ...(limits.user ? bucketOf(limits.user) : usual) }
      : { name: 'key', key: `key:${keyId ?? actor.id}`, ...rateOfKey(identity, usual) }
  if (tenantId === null || !limits.tenant) return [own]
  return [own, { name: 'tenant', key: `tenant:${tenantId}`, ...bucketOf(limits.tenant) }]
}

function rateOfKey({ limits, requestsPerSecond }: Identity, usual: Omit<Bucket, 'key'>): Omit<Bucket, 'key'> {
  const most = limits.key ? bucketOf(limits.key) : usual
  const own = requestsPerSecond === null ? most : bucketOf({ requestsPerSecond, burst: null })
  return own.intervalMs > most.intervalMs ? own : most
}

function bucketOf({ requestsPerSecond, burst }: Rate): Omit<Bucket, 'key'> {
  return { intervalMs: 1_000 / requestsPerSecond, burst: burst ?? Math.ceil(requestsPerSecond) }
}

/** The fields of draft-ietf-httpapi-ratelimit-headers: a quota of requests (q) per window (w), what remains (r), when it is whole again (t). */
function describe(limits: readonly Limit[], levels: readonly Level[]): Record<string, string> {
  const policies = limits.map(({ name, intervalMs, burst }) => `"${name}";q=${burst};w=${seconds(intervalMs * burst)}`)
  const states = limits.map(({ name }, index) => {
    const { remaining = 0, fullInMs = 0 } = levels[index] ?? {}
    return `"${name}";r=${remaining};t=${Math.ceil(fullInMs / 1_000)}`
  })
  return { 'ratelimit-policy': policies.join(', '), ratelimit: states.join(', ') }
}

const messages = {
  key: 'Too many requests with this key.',
  user: 'Too many requests of this person.',
  tenant: 'Too many requests of this tenant.',
}

/** By the limit that lasts longest. */
function refuse(limits: readonly Limit[], levels: readonly Level[]): FreeholdError | undefined {
  const [worst] = limits
    .map(({ name }, index) => ({ name, waitMs: levels[index]?.waitMs ?? 0 }))
    .sort((one, other) => other.waitMs - one.waitMs)
  return worst && worst.waitMs > 0 ? tooMany(messages[worst.name], worst) : undefined
}

function tooMany(message: string, { waitMs }: { waitMs: number }): FreeholdError {
  const retryAfterSeconds = seconds(waitMs)
  return new FreeholdError('rate_limited', `${message} Try again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
    retryable: true,
  })
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}
