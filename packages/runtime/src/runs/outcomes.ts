import type { RunError, RunFailureCode } from '@freehold/contracts'

type FailureOptions = ErrorOptions & Pick<RunError, 'budget'> & { retryable?: boolean; retryAfterMs?: number }

/** Ends the run as failed, for a reason that its owner can act on. */
export class RunFailure extends Error {
  readonly code: RunFailureCode
  /** Whether another attempt may go better. */
  readonly retryable: boolean
  /** Before then it will not, as far as is known. */
  readonly retryAfterMs: number
  private readonly budget: RunError['budget']
  constructor(code: RunFailureCode, message: string, options: FailureOptions = {}) {
    super(message, options)
    this.name = 'RunFailure'
    this.code = code
    this.retryable = options.retryable ?? false
    this.retryAfterMs = options.retryAfterMs ?? 0
    this.budget = options.budget
  }

  toRunError(): RunError {
    return { code: this.code, message: this.message, ...(this.budget && { budget: this.budget }) }
  }
}

export type Interruption =
  | { kind: 'cancelled'; by: string }
  | { kind: 'deadline' }
  | { kind: 'failed'; error: RunError; retryable: boolean; retryAfterMs?: number }
  | { kind: 'lease_lost' }
  | { kind: 'shutdown' }

/** Stops a run from outside. The reason of its abort signal. */
export class RunInterrupted extends Error {
  readonly interruption: Interruption
  constructor(interruption: Interruption) {
    super(`The run was interrupted: ${interruption.kind}`)
    this.name = 'RunInterrupted'
    this.interruption = interruption
  }
}
