import type { FailedAttempt, Run, StepSummary } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import type { OpenRuns } from './open-run.tsx'

/** One line of a timeline. Times are in milliseconds since the epoch. */
export type Row = { key: string; depth: number; runId: string; span: Span } & (
  | { kind: 'step'; step: StepSummary; goesOn: boolean; isExpanded?: boolean }
  | { kind: 'attempt'; attempt: FailedAttempt }
  | { kind: 'queued' }
  | { kind: 'working' }
)

/** It waited from `waits` on and was at work from `from` on. */
export interface Span {
  waits: number
  from: number
  to: number
}

/** Waits that are shorter than this are nobody's concern. */
const notableMs = 1_000

/** Those of a run and, below the steps that delegated them, of the runs that are open. */
export function rowsOf(run: Run, openRuns: OpenRuns, now: number, depth = 0): Row[] {
  const rows: Row[] = []
  const base = { depth, runId: run.id }
  const attempts = [...run.attempts]
  const start = Date.parse(run.startedAt ?? run.createdAt)
  const created = Date.parse(run.createdAt)
  if (run.startedAt === null || start - created > notableMs) {
    const to = run.startedAt === null && !isTerminalStatus(run.status) ? now : start
    rows.push({ ...base, key: `${run.id} queued`, kind: 'queued', span: { waits: created, from: to, to } })
  }
  for (const step of run.steps) {
    const span = spanOf(run, step, now)
    rows.push(...failedBefore(attempts, span.waits, base))
    const goesOn = step.status === 'running' && !isTerminalStatus(run.status)
    const row: Row = { ...base, key: keyOfStep(run.id, step.step), kind: 'step', step, span, goesOn }
    rows.push(step.childRunId === null ? row : { ...row, isExpanded: openRuns.has(step.childRunId) })
    const child = openRuns.get(step.childRunId ?? '')
    if (child) rows.push(...rowsOf(child, openRuns, now, depth + 1))
  }
  rows.push(...failedBefore(attempts, Number.POSITIVE_INFINITY, base))
  if (run.status === 'running' && run.steps.every(({ status }) => status !== 'running')) {
    const from = Math.max(start, ...rows.map(({ span }) => span.to))
    rows.push({ ...base, key: `${run.id} working`, kind: 'working', span: { waits: from, from, to: now } })
  }
  return rows
}

export const keyOfStep = (runId: string, step: string): string => `${runId} ${step}`

/** Takes off the attempts that failed before a time. */
function failedBefore(attempts: FailedAttempt[], time: number, base: { depth: number; runId: string }): Row[] {
  const count = attempts.findIndex(({ at }) => Date.parse(at) > time)
  return attempts.splice(0, count === -1 ? attempts.length : count).map((attempt) => {
    const at = Date.parse(attempt.at)
    const span = { waits: at, from: at, to: at }
    return { ...base, key: `${base.runId} attempt ${attempt.attempt} ${at}`, kind: 'attempt', attempt, span }
  })
}

function spanOf(run: Run, step: StepSummary, now: number): Span {
  const ended = step.finishedAt ?? run.finishedAt
  const to = ended === null ? now : Date.parse(ended)
  const start = step.startedAt === null ? to - (step.latencyMs ?? 0) : Date.parse(step.startedAt)
  return { waits: start, from: workFrom(run, step, start, to), to }
}

function workFrom(run: Run, step: StepSummary, start: number, to: number): number {
  if (step.kind === 'timer' || step.kind === 'approval' || step.kind === 'decision') return to
  if (step.status === 'running') return asksSomebody(run, step) || endedUnasked(run, step) ? to : start
  const from = step.latencyMs === null ? start : Math.max(start, to - step.latencyMs)
  return from - start > notableMs ? from : start
}

/** Whether a step is held up by an approval or a decision. */
export function asksSomebody(run: Run, { step, approvalId }: StepSummary): boolean {
  return run.waitsForDecisions.includes(step) || (approvalId !== null && run.waitsForApprovals.includes(approvalId))
}

/** Whether the run ended before anybody approved a step. */
function endedUnasked(run: Run, { approvalId }: StepSummary): boolean {
  return isTerminalStatus(run.status) && approvalId !== null
}

/** All that a timeline has to show, from the first moment to the last. */
export function axisOf(run: Run, rows: readonly Row[], now: number): { from: number; to: number } {
  const from = Math.min(Date.parse(run.createdAt), ...rows.map(({ span }) => span.waits))
  const end = isTerminalStatus(run.status) ? Date.parse(run.finishedAt ?? run.createdAt) : now
  return { from, to: Math.max(from + 1, end, ...rows.map(({ span }) => span.to)) }
}
