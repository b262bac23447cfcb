import { operations, type RunSummary } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { formatAge, formatCost, oneLine } from '../terminal/format.ts'
import { type Column, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

interface Filter {
  agent?: string
  status?: string
  from?: string
  to?: string
  user?: string
  system?: boolean
  dead?: boolean
  limit: number
}

export async function listRuns(context: Context, { system, dead, limit, ...filter }: Filter): Promise<undefined> {
  parseInput(operations.listRuns.query, filter)
  const client = await connectTenant(context)
  const query = { ...filter, ...(dead && { dead: 'true' as const }), ...(system && { system: 'true' as const }) }
  const runs = await collectPages((page) => client.listRuns({ query: { ...page, ...query } }), limit)
  const { terminal } = context
  if (context.json) printJson(terminal, runs)
  else if (runs.length === 0 && dead) terminal.write('No dead runs.\n')
  else if (runs.length === 0) terminal.write(`No runs. Start one: ${context.commandLine} run <agent> <message>\n`)
  else terminal.write(renderTable(runColumns(Date.now()), runs, terminal.columns, terminal.paint))
}

/** Tells who waits for a person. */
function describeStatus({ status, waitsForApprovals }: RunSummary): string {
  return waitsForApprovals.length > 0 ? `${status} (approval)` : status
}

function runColumns(nowMs: number): Column<RunSummary>[] {
  return [
    { title: 'RUN', value: ({ id }) => id },
    { title: 'STATUS', value: describeStatus },
    { title: 'AGE', align: 'right', value: ({ createdAt }) => formatAge(createdAt, nowMs) },
    { title: 'COST', align: 'right', value: ({ costNanos }) => formatCost(costNanos) },
    { title: 'AGENT', value: ({ agent }) => agent },
    { title: 'MESSAGE', flexible: true, value: ({ message }) => oneLine(message) },
  ]
}
