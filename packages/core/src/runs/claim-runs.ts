import type { AgentLimits, ApprovalPolicy, Environment } from '@freehold/contracts'
import { parseStoredApprovals, parseStoredLimits } from '../agents/stored-config.ts'
import type { Database } from '../db/database.ts'
import type { Lease } from './lease.ts'

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
  /** Attempts that failed since the run last got ahead. */
  failedAttempts: number
  /** Its worker died in its last attempt: nothing is left to do but to end it. */
  spent: boolean
  /** Its last worker died with it, so it may kill this one. */
  suspect: boolean
  /** It is a suspect on the last attempt that it has. */
  lastChance: boolean
  lastSeq: number
  cancelRequestedBy: string | null
  program: string
  model: string
  fallbackModels: string[]
  systemPrompt: string
  tools: string[]
  limits: AgentLimits
  approvals: ApprovalPolicy
  allowedHosts: string[] | null
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
  failed_attempts: number
  spent: boolean
  suspect: boolean
  last_chance: boolean
  last_seq: number
  cancel_requested_by: string | null
  program: string
  model: string
  fallback_models: string[]
  prompts: { system: string }
  tools: string[]
  limits: unknown
  approvals: unknown
  allowed_hosts: string[] | null
}

export interface ClaimOptions {
  worker: string
  limit: number
  leaseMs: number
  /** What the worker is at already: a run on its last chance shares no worker with another suspect. */
  withSuspect?: boolean
  withLastChance?: boolean
}

export async function claimRuns(database: Database, options: ClaimOptions): Promise<ClaimedRun[]> {
  const rows = await database.call<ClaimRow>('claim-runs', 'select * from door_claim_runs($1, $2, $3, $4, $5)', [
    options.worker,
    options.limit,
    options.leaseMs,
    options.withSuspect ?? false,
    options.withLastChance ?? false,
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
    failedAttempts: row.failed_attempts,
    spent: row.spent,
    suspect: row.suspect,
    lastChance: row.last_chance,
    lastSeq: row.last_seq,
    cancelRequestedBy: row.cancel_requested_by,
    program: row.program,
    model: row.model,
    fallbackModels: row.fallback_models,
    systemPrompt: row.prompts.system,
    tools: row.tools,
    limits: parseStoredLimits(row.limits),
    approvals: parseStoredApprovals(row.approvals),
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
  leases: readonly Lease[],
): Promise<RenewedLease[]> {
  const rows = await database.call<{ id: string; lease_token: number; cancel_requested_by: string | null }>(
    'renew-leases',
    'select id, lease_token, cancel_requested_by from door_renew_leases($1, $2, $3, $4)',
    [worker, leaseMs, leases.map(({ tenantId }) => tenantId), leases.map(({ runId }) => runId)],
  )
  return rows.map((row) => ({ runId: row.id, token: row.lease_token, cancelRequestedBy: row.cancel_requested_by }))
}
