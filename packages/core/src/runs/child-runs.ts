import type { RunError } from '@freehold/contracts'
import { isSystemAgent } from '../agents/system-agents.ts'
import type { Database } from '../db/database.ts'
import type { ClaimedRun } from './claim-runs.ts'

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
  if (isSystemAgent(child.agent)) return { outcome: 'agent_not_found' }
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
