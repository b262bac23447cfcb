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
  /** Runs `request`, or throws `BrokenCircuitError` at once while the breaker is open. */
  run<T>(tenantId: string, provider: string, request: () => Promise<T>): Promise<T>
  isOpen(tenantId: string, provider: string): boolean
}

/**
 * One breaker per tenant and provider: after `failures` faults of the provider in a row the tenant leaves it alone for
 * `openMs`. Never shared by tenants, whose models, prompts and keys differ: what fails one may serve all others. The
 * `capacity` breakers used last are kept; one that is forgotten is closed.
 */
export function createBreakers(failures: number, openMs: number, capacity = 10_000): Breakers {
  const policies = new Map<string, CircuitBreakerPolicy>()

  function policyOf(tenantId: string, provider: string): CircuitBreakerPolicy {
    const key = `${tenantId} ${provider}`
    const policy = policies.get(key) ?? createPolicy()
    // A Map keeps the order of insertion, so the first one is the one that was not used for longest.
    policies.delete(key)
    policies.set(key, policy)
    const [oldest] = policies.keys()
    if (policies.size > capacity && oldest !== undefined) policies.delete(oldest)
    return policy
  }

  function createPolicy(): CircuitBreakerPolicy {
    return circuitBreaker(
      handleWhen((error) => error instanceof LostProbe || (error instanceof ProviderFault && error.providerSide)),
      { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failures) },
    )
  }

  return {
    async run(tenantId, provider, request) {
      const policy = policyOf(tenantId, provider)
      // While one request probes a provider, cockatiel makes the others wait for it. They have fallbacks to try.
      if (policy.state === CircuitState.HalfOpen) throw new BrokenCircuitError()
      if (policy.state === CircuitState.Closed) return policy.execute(request)
      return policy.execute(() => request().catch(losingProbe)).catch(unwrap)
    },
    isOpen: (tenantId, provider) => policyOf(tenantId, provider).state === CircuitState.Open,
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
