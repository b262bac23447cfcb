import type { UsageRecord } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { formatAge, formatCost, formatCount, formatPlural, oneLine } from '../terminal/format.ts'
import { type Column, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export async function listUsage(context: Context, options: { run?: string; limit: number }): Promise<undefined> {
  const filter = options.run === undefined ? {} : { runId: options.run }
  const client = await connectTenant(context)
  const records = await collectPages((page) => client.listUsage({ query: { ...page, ...filter } }), options.limit)
  const { terminal } = context
  if (context.json) {
    printJson(terminal, records)
    return
  }
  if (records.length > 0)
    terminal.write(renderTable(usageColumns(Date.now()), records, terminal.columns, terminal.paint))
  terminal.write(`${summarizeUsage(records)}\n`)
  if (records.some(({ estimated }) => estimated)) terminal.write('~ tokens or price are an estimate\n')
}

function usageColumns(nowMs: number): Column<UsageRecord>[] {
  return [
    { title: 'RUN', value: ({ runId }) => runId },
    { title: 'AGE', align: 'right', value: ({ createdAt }) => formatAge(createdAt, nowMs) },
    { title: 'IN', align: 'right', value: ({ usage }) => formatCount(usage.inputTokens) },
    { title: 'OUT', align: 'right', value: ({ usage }) => formatCount(usage.outputTokens) },
    { title: 'COST', align: 'right', value: ({ costNanos }) => formatCost(costNanos) },
    { title: 'OUTCOME', value: ({ outcome, estimated }) => (estimated ? `${outcome} ~` : outcome) },
    { title: 'MODEL', flexible: true, value: ({ model }) => oneLine(model) },
  ]
}

/** The sum over what is listed. A call without a known price makes it a lower bound. */
export function summarizeUsage(records: UsageRecord[]): string {
  const tokens = records.reduce((sum, { usage }) => sum + usage.inputTokens + usage.outputTokens, 0)
  const costNanos = records.reduce((sum, record) => sum + (record.costNanos ?? 0), 0)
  const bound = records.some((record) => record.costNanos === null) ? 'at least ' : ''
  return `${formatPlural(records.length, 'model call')}, ${formatPlural(tokens, 'token')}, ${bound}${formatCost(costNanos)}`
}
