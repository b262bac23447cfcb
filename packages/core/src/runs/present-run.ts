import { type FailedAttempt, type Run, type RunError, type RunSummary, runPriorities } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { AgentRuns } from '../db/schema.gen.ts'
import type { Caller } from '../identity/caller.ts'
import { type ActorNames, readActorNames } from '../people/actor-names.ts'
import type { Wait } from './end-run.ts'
import { readSteps } from './read-steps.ts'

type RunRow = Selectable<AgentRuns>

export function toRunSummary(row: RunRow, names: ActorNames): RunSummary {
  return {
    id: row.id,
    agent: row.agent,
    version: row.version,
    // Columns with a check constraint, and JSON that only the journal's functions write.
    environment: row.environment as RunSummary['environment'],
    status: row.status as RunSummary['status'],
    error: row.error as RunError | null,
    metadata: row.metadata as Record<string, string>,
    threadId: row.thread_id,
    parentRunId: row.parent_run_id,
    rootRunId: row.root_run_id,
    startedBy: row.principal,
    startedByName: names.get(row.principal) ?? null,
    user: row.on_behalf_of,
    priority: runPriorities[row.priority] ?? 'normal',
    waitsForApprovals: waitsOf(row).flatMap(({ approvalId }) => approvalId ?? []),
    waitsForDecisions: waitsOf(row).flatMap(({ kind, step }) => (kind === 'decision' ? [step] : [])),
    message: row.message,
    output: row.output,
    costNanos: row.cost_nanos,
    usage: {
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      cacheReadTokens: row.cache_read_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      reasoningTokens: row.reasoning_tokens,
    },
    attempt: row.attempt,
    dead: row.dead,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    deadlineAt: deadlineOf(row).toISOString(),
  }
}

/** It moves on while the run waits for people. */
function deadlineOf({ deadline_at, clock_stopped_at }: RunRow): Date {
  return clock_stopped_at ? new Date(deadline_at.getTime() + Date.now() - clock_stopped_at.getTime()) : deadline_at
}

/** `waits` is written by `suspend_run` from what `suspendRun` gives it. */
function waitsOf({ waits }: { waits: unknown }): Wait[] {
  return (waits ?? []) as Wait[]
}

export async function readRun(tx: Tx, caller: Caller, id: string): Promise<Run | undefined> {
  const row = await tx.selectFrom('agent_runs').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const names = await readActorNames(tx, caller, [row.principal])
  return { ...toRunSummary(row, names), steps: await readSteps(tx, row), attempts: await readAttempts(tx, id) }
}

/** Every attempt that failed, and the worker it failed at. */
async function readAttempts(tx: Tx, runId: string): Promise<FailedAttempt[]> {
  const rows = await tx
    .selectFrom('run_events')
    .select(['type', 'at', sql<{ attempt: number; worker: string; error: RunError }>`data`.as('data')])
    .where('run_id', '=', runId)
    .where('type', 'in', ['run.started', 'run.resumed', 'attempt.failed', 'run.failed'])
    .orderBy('seq')
    .execute()
  const failed: FailedAttempt[] = []
  let current: { attempt: number; worker: string | null } = { attempt: 1, worker: null }
  for (const { type, at, data } of rows) {
    if (type === 'run.started' || type === 'run.resumed') current = data
    else failed.push({ attempt: current.attempt, worker: current.worker, at: at.toISOString(), error: data.error })
  }
  return failed
}
