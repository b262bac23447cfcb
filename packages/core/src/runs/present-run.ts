import {
  type FailedAttempt,
  type Run,
  type RunError,
  type RunEventType,
  type RunSummary,
  runPriorities,
  type StepSummary,
} from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { AgentRuns } from '../db/schema.gen.ts'
import type { Wait } from './end-run.ts'

type RunRow = Selectable<AgentRuns>

export function toRunSummary(row: RunRow): RunSummary {
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
    user: row.on_behalf_of,
    priority: runPriorities[row.priority] ?? 'normal',
    waitsForApprovals: approvalsIn(row.waits),
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
    deadlineAt: row.deadline_at.toISOString(),
  }
}

/** `waits` is written by `suspend_run` from what `suspendRun` gives it. */
function approvalsIn(waits: unknown): string[] {
  return ((waits ?? []) as Wait[]).flatMap(({ approvalId }) => approvalId ?? [])
}

export async function readRun(tx: Tx, id: string): Promise<Run | undefined> {
  const row = await tx.selectFrom('agent_runs').selectAll().where('id', '=', id).executeTakeFirst()
  return row && { ...toRunSummary(row), steps: await readSteps(tx, id), attempts: await readAttempts(tx, id) }
}

interface StepEvent {
  step: string
  name: string | null
  model: string | null
  agent: string | null
  tool: string | null
  failed: boolean
  latencyMs: number | null
}

const kinds: Partial<Record<RunEventType, [StepSummary['kind'], StepSummary['status']]>> = {
  'model.finished': ['model', 'finished'],
  'model.failed': ['model', 'failed'],
  'tool.started': ['tool', 'running'],
  'tool.finished': ['tool', 'finished'],
  'child.started': ['child', 'running'],
  'child.finished': ['child', 'finished'],
  'timer.set': ['timer', 'running'],
  'decision.requested': ['decision', 'running'],
  'decision.made': ['decision', 'finished'],
  'approval.requested': ['approval', 'running'],
  'approval.decided': ['approval', 'finished'],
  'step.finished': ['step', 'finished'],
}

/** The steps of a run in the order they began, without what went in and came out. */
async function readSteps(tx: Tx, runId: string): Promise<StepSummary[]> {
  const rows = await tx
    .selectFrom('run_events')
    .select([
      'type',
      sql<StepEvent>`jsonb_build_object('step', data -> 'step', 'name', data -> 'name', 'model', data -> 'model',
        'agent', data -> 'agent', 'tool', data -> 'tool', 'latencyMs', data -> 'latencyMs',
        'failed', coalesce(data -> 'error', 'null') <> 'null')`.as('data'),
    ])
    .where('run_id', '=', runId)
    .where('type', 'in', Object.keys(kinds))
    .orderBy('seq')
    .execute()
  const steps = new Map<string, StepSummary>()
  for (const { type, data } of rows) {
    const [kind, status] = kinds[type as RunEventType] ?? []
    if (!kind || !status) continue
    const known = steps.get(data.step)
    steps.set(data.step, {
      step: data.step,
      // A decision is about a step that has its kind already; an approval mostly comes before the call it is about.
      kind: known?.kind ?? (data.tool ? 'tool' : kind),
      name: known?.name ?? data.name ?? data.tool ?? data.model ?? data.agent ?? kind,
      status: data.failed ? 'failed' : status,
      latencyMs: data.latencyMs ?? known?.latencyMs ?? null,
    })
  }
  return [...steps.values()]
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
