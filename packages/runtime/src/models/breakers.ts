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
  /** Runs `request`, or throws `BrokenCircuitError` at once while the provider's breaker is open. */
  run<T>(provider: string, request: () => Promise<T>): Promise<T>
  isOpen(provider: string): boolean
}

/** One breaker per provider: after `failures` faults of the provider in a row it is left alone for `openMs`. */
export function createBreakers(failures: number, openMs: number): Breakers {
  const policies = new Map<string, CircuitBreakerPolicy>()

  function policyOf(provider: string): CircuitBreakerPolicy {
    const known = policies.get(provider)
    if (known) return known
    const policy = circuitBreaker(
      handleWhen((error) => error instanceof ProviderFault && error.providerSide),
      { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failures) },
    )
    policies.set(provider, policy)
    return policy
  }

  return {
    async run(provider, request) {
      const policy = policyOf(provider)
      // While one request probes a provider, cockatiel makes the others wait for it. They have fallbacks to try.
      if (policy.state === CircuitState.HalfOpen) throw new BrokenCircuitError()
      return policy.execute(request)
    },
    isOpen: (provider) => policyOf(provider).state === CircuitState.Open,
  }
}
