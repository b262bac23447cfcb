import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleType,
} from 'cockatiel'

/** A request that got no answer, or one that says that the upstream is away. */
class Fault<T> extends Error {
  readonly outcome: { answer: T } | { error: unknown }

  constructor(outcome: Fault<T>['outcome']) {
    super('the upstream failed')
    this.outcome = outcome
  }
}

export interface UpstreamBreakers {
  /**
   * Makes a request, or throws `BrokenCircuitError` at once while the upstream is left alone. `isFault` says of an answer or
   * an error whether it counts against the upstream.
   */
  run<T>(key: string, request: () => Promise<T>, isFault: (outcome: Fault<T>['outcome']) => boolean): Promise<T>
}

/**
 * After `failures` in a row an upstream is left alone for `openMs`; then one request probes it. The `capacity` breakers used
 * last are kept; one that is forgotten is closed.
 */
export function createUpstreamBreakers(failures: number, openMs: number, capacity = 10_000): UpstreamBreakers {
  const policies = new Map<string, CircuitBreakerPolicy>()

  function policyOf(key: string): CircuitBreakerPolicy {
    const policy =
      policies.get(key) ??
      circuitBreaker(handleType(Fault), { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failures) })
    // A Map keeps the order of insertion, so the first one is the one that was not used for longest.
    policies.delete(key)
    policies.set(key, policy)
    const [oldest] = policies.keys()
    if (policies.size > capacity && oldest !== undefined) policies.delete(oldest)
    return policy
  }

  return {
    async run<T>(
      key: string,
      request: () => Promise<T>,
      isFault: (outcome: Fault<T>['outcome']) => boolean,
    ): Promise<T> {
      const policy = policyOf(key)
      if (policy.state === CircuitState.HalfOpen) throw new BrokenCircuitError()
      const probes = policy.state === CircuitState.Open
      const attempt = async () => {
        const outcome = await request().then(
          (answer) => ({ answer }),
          (error: unknown) => ({ error }),
        )
        // A probe that its caller called off says nothing about the upstream, so the breaker stays open.
        if (isFault(outcome) || (probes && 'error' in outcome)) throw new Fault<T>(outcome)
        if ('error' in outcome) throw outcome.error
        return outcome.answer
      }
      try {
        return await policy.execute(attempt)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        const { outcome } = error as Fault<T>
        if ('error' in outcome) throw outcome.error
        return outcome.answer
      }
    },
  }
}
