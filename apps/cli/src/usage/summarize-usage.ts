import { operations, type UsageGroup } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { formatCost, formatCount, formatPlural, oneLine } from '../terminal/format.ts'
import { type Column, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export async function summarizeUsage(context: Context, by: string): Promise<undefined> {
  const query = parseInput(operations.summarizeUsage.query, { groupBy: by })
  const summary = await (await connectTenant(context)).summarizeUsage({ query })
  const { terminal } = context
  if (context.json) {
    printJson(terminal, summary)
    return
  }
  terminal.write(renderTable(columnsOf(by), summary.items, terminal.columns, terminal.paint))
  const { calls, costNanos, unpricedCalls } = summary.total
  const bound = unpricedCalls > 0 ? 'at least ' : ''
  terminal.write(`${formatPlural(calls, 'model call')}, ${bound}${formatCost(costNanos)}\n`)
}

function columnsOf(by: string): Column<UsageGroup>[] {
  return [
    { title: 'CALLS', align: 'right', value: ({ calls }) => formatCount(calls) },
    { title: 'IN', align: 'right', value: ({ inputTokens }) => formatCount(inputTokens) },
    { title: 'OUT', align: 'right', value: ({ outputTokens }) => formatCount(outputTokens) },
    { title: 'COST', align: 'right', value: ({ costNanos }) => formatCost(costNanos) },
    { title: by.toUpperCase(), flexible: true, value: ({ key, name }) => oneLine(name ?? key ?? '-') },
  ]
}
