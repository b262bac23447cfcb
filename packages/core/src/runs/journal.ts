import type { AgentLimits, Environment, NewRunEvent, RunError, RunEvent } from '@freehold/contracts'
import { parseStoredLimits } from '../agents/stored-limits.ts'
import type { Database } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'

// The worker's side of a run. No caller stands here: a lease, with its fencing token, is the right to write.

/** A worker's right to write to a run, good until another worker claims the run. */
export interface Lease {
  tenantId: string
  runId: string
  token: number
}

/** Events and the number of the one they follow, so that an append that is tried again is not made twice. */
export interface Append {
  after: number
  events: readonly NewRunEvent[]
}

/** The run belongs to another worker now; whatever this one still does for it must have no effect. */
export class LeaseLostError extends Error {
  constructor(runId: string) {
    super(`The lease on run ${runId} was lost`)
    this.name = 'LeaseLostError'
  }
}

/** A run as its worker needs it. */
export interface ClaimedRun {
  lease: Lease
  agent: string
  version: number
  environment: Environment
  threadId: string
  parentRunId: string | null
  requestId: string
  message: string
  metadata: Record<string, string>
  /** The database's clock at the claim, in milliseconds since 1970. */
  databaseNowMs: number
  /** Milliseconds that the run has left, by the database's clock. */
  deadlineInMs: number
  attempt: number
  lastSeq: number
  cancelRequestedBy: string | null
  program: string
  model: string
  fallbackModels: string[]
  systemPrompt: string
  tools: string[]
  limits: AgentLimits
  allowedHosts: string[] | null
}

export interface Wait {
  step: string
  kind: 'timer' | 'child' | 'decision'
  /** ISO time at which the wait is over by itself; null when something else must happen. */
  until: string | null
  /** The child run that is waited for. */
  runId?: string
}

interface ClaimRow {
  tenant_id: string
  id: string
  agent: string
  version: number
  environment: Environment
  thread_id: string
  parent_run_id: string | null
  request_id: string
  message: string
  metadata: Record<string, string>
  now_ms: number
  deadline_in_ms: number
  lease_token: number
  attempt: number
  last_seq: number
  cancel_requested_by: string | null
  program: string
  model: string
  fallback_models: string[]
  prompts: { system: string }
  tools: string[]
  limits: unknown
  allowed_hosts: string[] | null
}

export interface ClaimOptions {
  worker: string
  limit: number
  leaseMs: number
  /** A run whose worker died this often ends as failed. */
  maxCrashes: number
}

export async function claimRuns(database: Database, options: ClaimOptions): Promise<ClaimedRun[]> {
  const rows = await database.call<ClaimRow>('claim-runs', 'select * from door_claim_runs($1, $2, $3, $4)', [
    options.worker,
    options.limit,
    options.leaseMs,
    options.maxCrashes,
  ])
  return rows.map(toClaimedRun)
}

function toClaimedRun(row: ClaimRow): ClaimedRun {
  return {
    lease: { tenantId: row.tenant_id, runId: row.id, token: row.lease_token },
    agent: row.agent,
    version: row.version,
    environment: row.environment,
    threadId: row.thread_id,
    parentRunId: row.parent_run_id,
    requestId: row.request_id,
    message: row.message,
    metadata: row.metadata,
    databaseNowMs: row.now_ms,
    deadlineInMs: row.deadline_in_ms,
    attempt: row.attempt,
    lastSeq: row.last_seq,
    cancelRequestedBy: row.cancel_requested_by,
    program: row.program,
    model: row.model,
    fallbackModels: row.fallback_models,
    systemPrompt: row.prompts.system,
    tools: row.tools,
    limits: parseStoredLimits(row.limits),
    allowedHosts: row.allowed_hosts,
  }
}

export interface RenewedLease {
  runId: string
  token: number
  cancelRequestedBy: string | null
}

/** Extends a worker's leases on these runs. One that is missing from the answer has been lost. */
export async function renewLeases(
  database: Database,
  worker: string,
  leaseMs: number,
  runIds: readonly string[],
): Promise<RenewedLease[]> {
  const rows = await database.call<{ id: string; lease_token: number; cancel_requested_by: string | null }>(
    'renew-leases',
    'select id, lease_token, cancel_requested_by from door_renew_leases($1, $2, $3)',
    [worker, leaseMs, runIds],
  )
  return rows.map((row) => ({ runId: row.id, token: row.lease_token, cancelRequestedBy: row.cancel_requested_by }))
}

export async function appendEvents(
  database: Database,
  lease: Lease,
  { after, events }: Append,
): Promise<{ cancelRequestedBy: string | null }> {
  const metered = events.some(({ type }) => type === 'model.finished')
  const [row] = await database.call<{ cancel_requested_by: string | null }>(
    metered ? 'append-metered-events' : 'append-events',
    `select cancel_requested_by from ${metered ? 'append_metered_events' : 'append_events'}($1, $2, $3, $4, $5)`,
    [lease.tenantId, lease.runId, lease.token, after, encodeJson(events)],
  )
  if (!row) throw new LeaseLostError(lease.runId)
  return { cancelRequestedBy: row.cancel_requested_by }
}

export interface LeasedAppend extends Append {
  lease: Lease
}

/**
 * Appends to several runs of one tenant in one statement and one commit. The answer has a run's id when its events are
 * in; one that is missing has lost its lease. Not for model calls, which are metered one by one.
 */
export async function appendShared(
  database: Database,
  tenantId: string,
  appends: readonly LeasedAppend[],
): Promise<Map<string, { cancelRequestedBy: string | null }>> {
  const wanted = appends.map(({ lease, after, events }) => ({ run: lease.runId, token: lease.token, after, events }))
  const rows = await database.call<{ run_id: string; cancel_requested_by: string | null }>(
    'append-shared',
    'select * from append_shared($1, $2)',
    [tenantId, encodeJson(wanted)],
  )
  return new Map(rows.map((row) => [row.run_id, { cancelRequestedBy: row.cancel_requested_by }]))
}

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

/** The journal of a run after an event number, in order. */
export async function readJournal(
  database: Database,
  run: { tenantId: string; runId: string },
  after: number,
  limit: number,
): Promise<RunEvent[]> {
  const rows = await database.call<{ seq: number; type: RunEvent['type']; at: Date; data: unknown }>(
    'read-events',
    'select * from read_events($1, $2, $3, $4)',
    [run.tenantId, run.runId, after, limit],
  )
  // The journal's writers are typed, so what the database holds for a type is that type's data.
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }) as RunEvent)
}

export interface ChildRun {
  id: string
  status: 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled'
  output: unknown
  error: RunError | null
}

export type StartOutcome =
  | { outcome: 'created' | 'existing'; runId: string }
  | { outcome: 'agent_not_found' | 'not_released' | 'too_deep' }
  | { outcome: 'lease_lost' }

/** Starts the child run of a step, once: asked again for the same step it finds the first one. */
export async function startChildRun(
  database: Database,
  parent: ClaimedRun,
  child: { id: string; step: string; agent: string; message: string; deadlineMs: number },
): Promise<StartOutcome> {
  const [row] = await database.call<{ outcome: StartOutcome['outcome']; run_id: string }>(
    'start-run',
    'select * from start_run($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)',
    [
      parent.lease.tenantId,
      child.id,
      child.agent,
      parent.environment,
      child.id,
      child.message,
      '{}',
      child.deadlineMs,
      `run:${parent.lease.runId}`,
      parent.requestId,
      null,
      parent.lease.runId,
      child.step,
      parent.lease.token,
    ],
  )
  if (!row) throw new Error('start_run returned nothing')
  if (row.outcome === 'created' || row.outcome === 'existing') return { outcome: row.outcome, runId: row.run_id }
  return { outcome: row.outcome }
}

export async function readChildRun(database: Database, tenantId: string, runId: string): Promise<ChildRun | undefined> {
  return database.withTenant(tenantId, async (tx) => {
    const row = await tx
      .selectFrom('agent_runs')
      .select(['id', 'status', 'output', 'error'])
      .where('id', '=', runId)
      .executeTakeFirst()
    // `status` has a check constraint, and `error` is written by `finishRun` only.
    return row as ChildRun | undefined
  })
}

/** The conversation before this run's own message, oldest first. */
export async function readHistory(database: Database, run: ClaimedRun): Promise<{ role: string; content: unknown }[]> {
  if (run.limits.historyMessages === 0) return []
  const rows = await database.withTenant(run.lease.tenantId, (tx) =>
    tx
      .selectFrom('messages')
      .select(['role', 'content', 'seq'])
      .where('thread_id', '=', run.threadId)
      .where('seq', '<', (eb) =>
        eb
          .selectFrom('messages as own')
          .select((own) => own.fn.min('own.seq').as('seq'))
          .where('own.run_id', '=', run.lease.runId),
      )
      .orderBy('seq', 'desc')
      .limit(run.limits.historyMessages)
      .execute(),
  )
  return rows.reverse().map(({ role, content }) => ({ role, content }))
}
