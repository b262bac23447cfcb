import type { RunError } from '@freehold/contracts'
import type { ClaimedRun, Wait } from '@freehold/core'
import type { ChatMessage } from '../models/index.ts'
import type { Interruption } from './outcomes.ts'

const firstBackoffMs = 1_000
const maxBackoffMs = 60_000

/** What an execution of a run came to. */
export type Ending =
  | { kind: 'succeeded'; output: unknown; messages: readonly ChatMessage[] }
  | { kind: 'parked'; waits: Wait[] }
  | Interruption

/** An ending as it is written down: a failed attempt that may go better again is followed by another, or was the last. */
export type Settled =
  | Exclude<Ending, { kind: 'lease_lost' }>
  | { kind: 'retry'; error: RunError; retryAtMs: number }
  | { kind: 'dead'; error: RunError }

/** What the claim decides already, without a call of the program. */
export function foregoneEnding({ cancelRequestedBy, spent, attempt, deadlineInMs }: ClaimedRun): Settled | undefined {
  if (cancelRequestedBy !== null) return { kind: 'cancelled', by: cancelRequestedBy }
  if (spent) {
    const message = `The worker died while it ran attempt ${attempt}, which was the last one. Find out why, then redrive the run.`
    return { kind: 'dead', error: { code: 'worker_lost', message } }
  }
  return deadlineInMs <= 0 ? { kind: 'deadline' } : undefined
}

/**
 * What becomes of a run that reached this end. After a failure that may pass comes another attempt, unless the attempts
 * are used up or the deadline would come before it. `nowMs` is the database's time.
 */
export function settle(claimed: ClaimedRun, ending: Exclude<Ending, { kind: 'lease_lost' }>, nowMs: number): Settled {
  if (ending.kind !== 'failed' || !ending.retryable) return ending
  const { error, retryAfterMs = 0 } = ending
  const failedAttempts = claimed.failedAttempts + 1
  const retryAtMs = nowMs + retryAfterMs + backoffMs(failedAttempts)
  const inTime = retryAtMs < claimed.databaseNowMs + claimed.deadlineInMs
  return inTime && failedAttempts < claimed.limits.maxAttempts
    ? { kind: 'retry', error, retryAtMs }
    : { kind: 'dead', error }
}

/** Exponential with jitter, so that the runs a fault hit together don't come back together. */
function backoffMs(failedAttempts: number): number {
  const ceiling = Math.min(firstBackoffMs * 2 ** (failedAttempts - 1), maxBackoffMs)
  return ceiling * (0.5 + Math.random() / 2)
}

/** Stops an attempt that works for too long. */
export function timedOut(attemptTimeoutMs: number): Interruption {
  const message = `The attempt worked for longer than ${attemptTimeoutMs} ms. Raise limits.attemptTimeoutMs in a new version of the agent, or give it a smaller task.`
  return { kind: 'failed', error: { code: 'attempt_timed_out', message }, retryable: true }
}
