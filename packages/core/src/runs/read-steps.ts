import type { RunEventType, StepSummary, Usage } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'

/** What a step event has to say, without what went in and came out. */
interface StepEvent {
  type: RunEventType
  at: Date
  /** Null for the events that only begin an attempt. */
  step: string | null
  attempt: number | null
  name: string | null
  tool: string | null
  latencyMs: number | null
  usage: Usage | null
  costNanos: number | null
  runId: string | null
  approvalId: string | null
  until: Date | null
  error: string | null
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

/** The steps of a run in the order they began. */
export async function readSteps(tx: Tx, run: { id: string; finished_at: Date | null }): Promise<StepSummary[]> {
  const steps = new Map<string, StepSummary>()
  const endedBy = run.finished_at ?? new Date()
  let attempt = 1
  for (const event of await readStepEvents(tx, run.id)) {
    attempt = event.attempt ?? attempt
    if (event.step === null) continue
    const step = follow(steps.get(event.step), event.step, event, endedBy)
    if (step) steps.set(event.step, { ...step, attempt })
  }
  return [...steps.values()]
}

/** One record per event, because each look into a large document reads all of it. */
async function readStepEvents(tx: Tx, runId: string): Promise<StepEvent[]> {
  const { rows } = await sql<StepEvent>`
    select e.type, e.at, d.step, d.attempt, coalesce(d.name, d.tool, d.model, d.agent) as name, d.tool, d."latencyMs",
           d.usage, d."costNanos", d."runId", d."approvalId", d.until,
           left(case when e.type = 'model.failed' then d.message when jsonb_typeof(d.error) = 'object' then d.error ->> 'message'
             else d.error #>> '{}' end, 1000) as error
      from run_events e cross join lateral jsonb_to_record(e.data) as d (
        step text, attempt int, name text, tool text, model text, agent text, "latencyMs" int, usage jsonb,
        "costNanos" bigint, "runId" text, "approvalId" text, until timestamptz, message text, error jsonb)
     where e.run_id = ${runId} and e.type = any (${[...Object.keys(kinds), 'run.started', 'run.resumed']})
     order by e.seq`.execute(tx)
  return rows
}

const unsaid = { latencyMs: null, usage: null, costNanos: null, childRunId: null, approvalId: null }

/** A step after a further event of it. */
function follow(
  known: StepSummary | undefined,
  step: string,
  event: StepEvent,
  endedBy: Date,
): Omit<StepSummary, 'attempt'> | undefined {
  const [kind, outcome] = kinds[event.type] ?? []
  if (!kind || !outcome) return undefined
  return {
    step,
    kind: event.tool ? 'tool' : kind,
    name: event.name ?? kind,
    startedAt: startOf(event)?.toISOString() ?? null,
    ...unsaid,
    // A decision is about a step that has its kind already; an approval mostly comes before the call it is about.
    ...known,
    ...saidBy(event),
    ...stateAfter(event, outcome, endedBy),
  }
}

function saidBy({ latencyMs, usage, costNanos, runId, approvalId }: StepEvent): Partial<StepSummary> {
  return {
    ...(latencyMs !== null && { latencyMs }),
    ...(usage !== null && { usage }),
    ...(costNanos !== null && { costNanos }),
    ...(runId !== null && { childRunId: runId }),
    ...(approvalId !== null && { approvalId }),
  }
}

function stateAfter(
  { at, error, until }: StepEvent,
  outcome: StepSummary['status'],
  endedBy: Date,
): Pick<StepSummary, 'status' | 'finishedAt' | 'error'> {
  if (error !== null) return { status: 'failed', finishedAt: at.toISOString(), error }
  // Nothing is journaled when the time of a timer has come.
  if (until !== null && until <= endedBy) return { status: 'finished', finishedAt: until.toISOString(), error }
  return { status: outcome, finishedAt: outcome === 'running' ? null : at.toISOString(), error }
}

/** A call of a model is journaled when it has ended, and so is a step of the program, which may have begun at any time. */
function startOf({ type, at, latencyMs }: StepEvent): Date | null {
  if (type === 'step.finished') return null
  return type === 'model.finished' ? new Date(at.getTime() - (latencyMs ?? 0)) : at
}
