import { FreeholdError } from '@freehold/contracts'
import type { Identity } from '@freehold/core'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

const failuresPerMinute = 120

/** Limits each caller's requests, and each address's failed attempts to be one. */
export function createLimiter(requestsPerMinute: number) {
  const requests = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 })
  const failures = new RateLimiterMemory({ points: failuresPerMinute, duration: 60 })

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
  return { guard }
}

async function consume(limiter: RateLimiterMemory, key: string, message: string): Promise<void> {
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
