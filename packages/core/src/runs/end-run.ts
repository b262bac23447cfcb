import type { RunError } from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import type { Append } from './journal.ts'
import { type Lease, LeaseLostError } from './lease.ts'

/** The events of a run's end are those that are not journaled yet; the last one is the end. */
export interface RunEnd extends Append {
  status: 'succeeded' | 'failed' | 'cancelled'
  output: unknown
  error: RunError | null
  /** What the conversation gains, as `{ role, content }`. */
  messages: readonly { role: string; content: unknown }[]
  hasParent: boolean
}

export async function finishRun(database: Database, lease: Lease, end: RunEnd): Promise<void> {
  const rows = await database.call('finish-run', 'select * from finish_run($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
    lease.tenantId,
    lease.runId,
    lease.token,
    end.after,
    end.status,
    encodeJson(end.output),
    end.error && encodeJson(end.error),
    encodeJson(end.events),
    encodeJson(end.messages),
    end.hasParent,
  ])
  if (rows.length === 0) throw new LeaseLostError(lease.runId)
}

export interface AttemptFailure extends Append {
  error: RunError
  /** When to try again; null after the last attempt. */
  retryAt: Date | null
  hasParent: boolean
}

/** Queues the run again, or ends it as dead. The last of the events says which. */
export async function failAttempt(database: Database, lease: Lease, failed: AttemptFailure): Promise<void> {
  const rows = await database.call('fail-attempt', 'select * from fail_attempt($1, $2, $3, $4, $5, $6, $7, $8)', [
    lease.tenantId,
    lease.runId,
    lease.token,
    failed.after,
    encodeJson(failed.events),
    encodeJson(failed.error),
    failed.hasParent,
    failed.retryAt,
  ])
  if (rows.length === 0) throw new LeaseLostError(lease.runId)
}

export interface Wait {
  step: string
  kind: 'timer' | 'child' | 'decision' | 'approval'
  /** ISO time at which the wait is over by itself; null when something else must happen. */
  until: string | null
  /** The child run that is waited for. */
  runId?: string
  /** The approval that is waited for. */
  approvalId?: string
}

export async function suspendRun(
  database: Database,
  lease: Lease,
  { after, events }: Append,
  waits: readonly Wait[],
): Promise<void> {
  const rows = await database.call('suspend-run', 'select * from suspend_run($1, $2, $3, $4, $5, $6)', [
    lease.tenantId,
    lease.runId,
    lease.token,
    after,
    encodeJson(events),
    encodeJson(waits),
  ])
  if (rows.length === 0) throw new LeaseLostError(lease.runId)
}

/** Gives a run back to the queue, for a worker that shuts down. */
export async function releaseRun(database: Database, lease: Lease, { after, events }: Append): Promise<void> {
  const rows = await database.call('release-run', 'select * from release_run($1, $2, $3, $4, $5)', [
    lease.tenantId,
    lease.runId,
    lease.token,
    after,
    encodeJson(events),
  ])
  if (rows.length === 0) throw new LeaseLostError(lease.runId)
}
