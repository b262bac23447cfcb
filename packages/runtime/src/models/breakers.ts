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
    // A probe that a budget refused or somebody cancelled says nothing about the provider, so it closes nothing.
    const isFailure = (error: unknown): boolean =>
      error instanceof ProviderFault ? error.providerSide : policy.state === CircuitState.HalfOpen
    const policy: CircuitBreakerPolicy = circuitBreaker(handleWhen(isFailure), {
      halfOpenAfter: openMs,
      breaker: new ConsecutiveBreaker(failures),
    })
    return policy
  }

  return {
    async run(tenantId, provider, request) {
      const policy = policyOf(tenantId, provider)
      // While one request probes a provider, cockatiel makes the others wait for it. They have fallbacks to try.
      if (policy.state === CircuitState.HalfOpen) throw new BrokenCircuitError()
      return policy.execute(request)
    },
    isOpen: (tenantId, provider) => policyOf(tenantId, provider).state === CircuitState.Open,
  }
}
