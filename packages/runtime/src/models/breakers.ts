import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel'
import { ProviderFault } from './provider-fault.ts'

export interface Breakers {
  /**
   * Runs `request`, or throws `BrokenCircuitError` at once while the breaker is open. While another request probes the
   * provider, it throws, too, unless it is told to `wait` for what comes of that.
   */
  run<T>(tenantId: string, provider: string, request: () => Promise<T>, wait: boolean): Promise<T>
  /** What opened the breaker, and the milliseconds until it lets a request probe; undefined when it isn't open. */
  findBreak(tenantId: string, provider: string): { cause: ProviderFault | undefined; probesInMs: number } | undefined
}

interface Breaker {
  policy: CircuitBreakerPolicy
  openedAtMs: number
  /** The last fault that opened it. */
  cause: ProviderFault | undefined
}

/**
 * One breaker per tenant and provider: after `failures` faults of the provider in a row the tenant leaves it alone for
 * `openMs`. Never shared by tenants, whose models, prompts and keys differ: what fails one may serve all others. The
 * `capacity` breakers used last are kept; one that is forgotten is closed.
 */
export function createBreakers(failures: number, openMs: number, capacity = 10_000): Breakers {
  const breakers = new Map<string, Breaker>()

  function breakerOf(tenantId: string, provider: string): Breaker {
    const key = `${tenantId} ${provider}`
    const breaker = breakers.get(key) ?? create()
    // A Map keeps the order of insertion, so the first one is the one that was not used for longest.
    breakers.delete(key)
    breakers.set(key, breaker)
    const [oldest] = breakers.keys()
    if (breakers.size > capacity && oldest !== undefined) breakers.delete(oldest)
    return breaker
  }

  function create(): Breaker {
    const policy = circuitBreaker(
      handleWhen((error) => error instanceof LostProbe || (error instanceof ProviderFault && error.providerSide)),
      { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failures) },
    )
    const breaker: Breaker = { policy, openedAtMs: 0, cause: undefined }
    policy.onBreak((reason) => {
      breaker.openedAtMs = performance.now()
      if ('error' in reason && reason.error instanceof ProviderFault) breaker.cause = reason.error
    })
    return breaker
  }

  return {
    async run(tenantId, provider, request, wait) {
      const { policy } = breakerOf(tenantId, provider)
      if (policy.state === CircuitState.HalfOpen && !wait) throw new BrokenCircuitError()
      if (policy.state !== CircuitState.Open) return policy.execute(request)
      return policy.execute(() => request().catch(losingProbe)).catch(unwrap)
    },
    findBreak(tenantId, provider) {
      const { policy, openedAtMs, cause } = breakerOf(tenantId, provider)
      if (policy.state === CircuitState.Closed) return undefined
      return { cause, probesInMs: Math.max(0, openedAtMs + openMs - performance.now()) }
    },
  }
}

/** A probe that a budget refused or somebody cancelled says nothing about the provider, so the breaker stays open. */
class LostProbe extends Error {}

function losingProbe(error: unknown): never {
  throw error instanceof ProviderFault
    ? error
    : new LostProbe('the probe did not get to the provider', { cause: error })
}

function unwrap(error: unknown): never {
  throw error instanceof LostProbe ? error.cause : error
}
