import { FreeholdError } from '@freehold/contracts'
import type { connectRedis, Identity } from '@freehold/core'
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

const failuresPerMinute = 120
/** Redis that takes longer than this to count a request is not waited for. */
const redisPatienceMs = 500

type Redis = ReturnType<typeof connectRedis>

/**
 * Limits each caller's requests, and each address's failed attempts to be one: per gateway process, or with Redis in all
 * of them together. While Redis is away each process counts for itself.
 */
export function createLimiter(requestsPerMinute: number, signInsPerMinute: number, redis?: Redis) {
  const requests = createCounter('requests', requestsPerMinute, redis)
  const failures = createCounter('failures', failuresPerMinute, redis)
  const signIns = createCounter('sign-ins', signInsPerMinute, redis)

  /**
   * Finds out who calls by `identify`, and counts the call. Throws `rate_limited` with the seconds to wait. A good key is
   * never refused for the bad ones that came from its address: behind a proxy everyone has the same.
   */
  async function guard(address: string, identify: () => Promise<Identity>): Promise<Identity> {
    try {
      const identity = await identify()
      await consume(requests, identity.actor.id, 'Too many requests with this key.')
      return identity
    } catch (error) {
      if (error instanceof FreeholdError && error.code === 'unauthenticated') {
        await consume(failures, address, 'Too many requests with a bad key came from this address.')
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
    await consume(signIns, address, 'Too many attempts to sign in came from this address.')
    const response = await answer()
    if (response.ok && !sendsMail) await signIns.reward(address)
    return response
  }
  return { guard, guardSignIn }
}

function createCounter(name: string, points: number, redis: Redis | undefined): RateLimiterAbstract {
  const inProcess = new RateLimiterMemory({ points, duration: 60 })
  if (!redis) return inProcess
  return new RateLimiterRedis({
    storeClient: withPatience(redis),
    useRedisPackage: true,
    rejectIfRedisNotReady: true,
    keyPrefix: `freehold:limit:${name}`,
    points,
    duration: 60,
    // What is refused once needs no further question until its minute is over.
    inMemoryBlockOnConsumed: points + 1,
    insuranceLimiter: inProcess,
  })
}

/** The part of the client that the limiter uses, with an answer in time. */
function withPatience(redis: Redis) {
  return {
    get isReady() {
      return redis.isReady
    },
    eval: (...args: Parameters<Redis['eval']>) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('Redis did not answer in time')), redisPatienceMs)
        redis
          .eval(...args)
          .then(resolve, reject)
          .finally(() => clearTimeout(late))
      }),
  }
}

async function consume(limiter: RateLimiterAbstract, key: string, message: string): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (refusal) {
    throw refusal instanceof RateLimiterRes ? tooMany(refusal, message) : refusal
  }
}

function tooMany(state: RateLimiterRes, message: string): FreeholdError {
  const retryAfterSeconds = Math.max(1, Math.ceil(state.msBeforeNext / 1000))
  return new FreeholdError('rate_limited', `${message} Try again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
    retryable: true,
  })
}
