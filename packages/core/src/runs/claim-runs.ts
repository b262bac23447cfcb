import type { AgentLimits, ApprovalPolicy, Environment, IsolationTier } from '@freehold/contracts'
import { parseStoredApprovals, parseStoredLimits } from '../agents/stored-config.ts'
import type { Database } from '../db/database.ts'
import type { Lease } from './lease.ts'

/** A run as its worker needs it. */
export interface ClaimedRun {
  lease: Lease
  agent: string
  version: number
  environment: Environment
  /** The id of the team that it is of; null: of the tenant as a whole. */
  team: string | null
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
  team: string | null
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
  postponed: boolean
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
  /** Of the plans whose tenants the worker serves; all when absent. */
  isolation?: readonly IsolationTier[]
}

// By name: a door that gives more than this release knows must not break what its workers have prepared.
const columns =
  'tenant_id, id, agent, version, environment, thread_id, parent_run_id, request_id, message, metadata, now_ms, ' +
  'deadline_in_ms, lease_token, attempt, failed_attempts, spent, last_seq, cancel_requested_by, program, model, ' +
  'fallback_models, prompts, tools, limits, approvals, allowed_hosts, suspect, last_chance, postponed'

/** Takes runs for a worker, `limit` at the most. Fewer only when no more are due that it may take. */
export async function claimRuns(database: Database, options: ClaimOptions): Promise<ClaimedRun[]> {
  const { worker, limit, leaseMs, withSuspect = false, withLastChance = false, isolation } = options
  const rows = await database.call<ClaimRow>(
    'claim-runs',
    `select ${columns} from door_claim_runs($1, $2, $3, $4, $5, $6)`,
    [worker, limit, leaseMs, withSuspect, withLastChance, isolation ? `{${isolation.join(',')}}` : null],
  )
  const claimed = rows.filter(({ postponed }) => !postponed).map(toClaimedRun)
  if (rows.length < limit || claimed.length === limit) return claimed
  // What was put off took places, and is not due now.
  const rest = await claimRuns(database, {
    ...options,
    limit: limit - claimed.length,
    withSuspect: withSuspect || claimed.some(({ suspect }) => suspect),
    withLastChance: withLastChance || claimed.some(({ lastChance }) => lastChance),
  })
  return [...claimed, ...rest]
}

function toClaimedRun(row: ClaimRow): ClaimedRun {
  return {
    lease: { tenantId: row.tenant_id, runId: row.id, token: row.lease_token },
    agent: row.agent,
    version: row.version,
    environment: row.environment,
    team: row.team,
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
