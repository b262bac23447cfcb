import type { FailedAttempt, Run, StepSummary } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { formatDuration, formatTime, oneLine, printable, truncate } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson, type Terminal } from '../terminal/terminal.ts'
import { summarizeRun } from './run-view.ts'

export async function showRun(context: Context, id: string): Promise<undefined> {
  const client = await connectTenant(context)
  const run = await client.getRun({ params: { id } })
  if (context.json) printJson(context.terminal, run)
  else context.terminal.write(renderRun(run, context.terminal))
  if (!context.json) for (const approval of run.waitsForApprovals) context.terminal.write(hintAt(context, approval))
}

function hintAt({ commandLine }: Context, approvalId: string): string {
  return `\nIt waits for an approval: ${commandLine} approvals show ${approvalId}\n`
}

const stepColumns: Column<StepSummary>[] = [
  { title: 'STEP', value: ({ step }) => oneLine(step) },
  { title: 'NAME', value: ({ name }) => oneLine(name) },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'TIME', align: 'right', value: ({ latencyMs }) => (latencyMs === null ? '' : formatDuration(latencyMs)) },
]

const attemptColumns: Column<FailedAttempt>[] = [
  { title: 'ATTEMPT', align: 'right', value: ({ attempt }) => String(attempt) },
  { title: 'FAILED', value: ({ at }) => formatTime(at) },
  { title: 'CODE', value: ({ error }) => error.code },
  { title: 'REASON', flexible: true, value: ({ error }) => oneLine(error.message) },
]

export function renderRun(run: Run, { columns, paint }: Pick<Terminal, 'columns' | 'paint'>): string {
  const entries = Object.entries(run.metadata).map(([key, value]) => `${key}=${value}`)
  const fields = renderFields(
    [
      ['run', run.id],
      ['agent', `${run.agent} v${run.version} in ${run.environment}`],
      ['thread', run.threadId],
      ['parent', run.parentRunId ?? undefined],
      ['status', describeStatus(run)],
      ['used', summarizeRun(run, false)],
      ['created', formatTime(run.createdAt)],
      ['deadline', run.finishedAt === null ? formatTime(run.deadlineAt) : undefined],
      ['metadata', printable(entries.join(', '))],
      ['message', truncate(oneLine(run.message), columns === undefined ? run.message.length : columns - 10)],
      ['error', run.error ? `${printable(run.error.message)} (${run.error.code})` : undefined],
    ],
    paint,
  )
  const steps = run.steps.length > 0 ? `\n${renderTable(stepColumns, run.steps, columns, paint)}` : ''
  const attempts = run.attempts.length > 0 ? `\n${renderTable(attemptColumns, run.attempts, columns, paint)}` : ''
  return `${fields}${steps}${attempts}${run.output === null ? '' : `\n${renderOutput(run.output)}\n`}`
}

function describeStatus({ status, dead, attempt }: Run): string {
  if (dead) return `${status} for good after attempt ${attempt}: redrive it`
  return attempt > 1 ? `${status}, attempt ${attempt}` : status
}

function renderOutput(output: unknown): string {
  return printable(typeof output === 'string' ? output : JSON.stringify(output, null, 2))
}
