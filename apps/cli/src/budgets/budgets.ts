import {
  type Budget,
  type BudgetWindow,
  type Client,
  createBudgetSchema,
  updateBudgetSchema,
} from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { CliError, parseInput, wrongUsage } from '../failure.ts'
import { formatCost, formatCount, formatPlural, formatTime, oneLine } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'
import { type LimitOptions, type NewBudgetOptions, readLimits, readScope } from './read-limits.ts'

const barWidth = 10

export async function listBudgets(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const budgets = await collectPages((query) => client.listBudgets({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, budgets)
  else if (budgets.length === 0)
    terminal.write(`No budgets. Create one: ${context.commandLine} budgets create <name> --limit <dollars>\n`)
  else terminal.write(renderTable(columns, budgets, terminal.columns, terminal.paint))
}

const columns: Column<Budget>[] = [
  { title: 'USED', value: ({ windows }) => renderBar(fullestOf(windows)) },
  { title: 'ALLOWS', value: describeLimits },
  { title: 'PER', value: ({ period }) => period },
  { title: 'SCOPE', value: describeScope },
  { title: 'RESETS', value: ({ windows, period }) => describeReset(windows[0]?.resetsAt, period) },
  { title: 'NAME', flexible: true, value: ({ name }) => oneLine(name) },
]

export async function showBudget(context: Context, budget: string): Promise<undefined> {
  print(context, await findBudget(await connectTenant(context), budget))
}

export async function createBudget(context: Context, name: string, options: NewBudgetOptions): Promise<undefined> {
  const { scope, period, limit, tokens, requests } = options
  if ((limit ?? tokens ?? requests) === undefined) {
    throw wrongUsage('Give at least one of --limit, --tokens and --requests.')
  }
  const body = parseInput(createBudgetSchema, { name, scope: readScope(scope), period, ...readLimits(options) })
  print(context, await (await connectTenant(context)).createBudget({ body }))
}

export async function updateBudget(
  context: Context,
  budget: string,
  { name, ...limits }: LimitOptions & { name?: string },
): Promise<undefined> {
  if (name === undefined && Object.keys(limits).length === 0) {
    throw wrongUsage('Give what to change: --name, --limit, --tokens, --requests or --soft.')
  }
  const body = parseInput(updateBudgetSchema, { ...(name !== undefined && { name }), ...readLimits(limits) })
  const client = await connectTenant(context)
  const { id } = await findBudget(client, budget)
  print(context, await client.updateBudget({ params: { id }, body }))
}

export async function deleteBudget(context: Context, budget: string): Promise<undefined> {
  const client = await connectTenant(context)
  const { id } = await findBudget(client, budget)
  const deleted = await client.deleteBudget({ params: { id } })
  if (context.json) printJson(context.terminal, deleted)
  else context.terminal.write(`Deleted the budget "${oneLine(deleted.name)}". It limits no further call.\n`)
}

async function findBudget(client: Client, idOrName: string): Promise<Budget> {
  const budgets = await collectPages((query) => client.listBudgets({ query }))
  const found = budgets.find(({ id, name }) => id === idOrName.toLowerCase() || name === idOrName)
  if (found) return found
  throw new CliError(`There is no budget "${idOrName}". \`freehold budgets list\` shows those there are.`)
}

function print({ json, terminal }: Context, budget: Budget): void {
  if (json) {
    printJson(terminal, budget)
    return
  }
  const fields: [string, string | undefined][] = [
    ['budget', budget.id],
    ['name', oneLine(budget.name)],
    ['scope', describeScope(budget)],
    ['allows', `${describeLimits(budget)}, ${budget.period === 'total' ? 'in total' : `per ${budget.period}`}`],
    ['warns at', budget.softPercent === null ? undefined : `${budget.softPercent} %`],
  ]
  terminal.write(renderFields(fields, terminal.paint))
  for (const window of budget.windows) {
    terminal.write(
      `\n${renderBar(window)}  ${oneLine(window.subject)} · ${describeReset(window.resetsAt, budget.period)}\n`,
    )
    terminal.write(renderTable(measureColumns, measuresOf(window), terminal.columns, terminal.paint))
  }
}

interface Measure {
  name: string
  format: (amount: number) => string
  amounts: BudgetWindow['nanos']
}

function measuresOf({ nanos, tokens, requests }: BudgetWindow): Measure[] {
  return [
    { name: 'money', format: formatCost, amounts: nanos },
    { name: 'tokens', format: formatCount, amounts: tokens },
    { name: 'requests', format: formatCount, amounts: requests },
  ]
}

const measureColumns: Column<Measure>[] = [
  { title: '', value: ({ name }) => name },
  ...(['spent', 'reserved', 'remaining', 'allowed'] as const).map(
    (key): Column<Measure> => ({
      title: key.toUpperCase(),
      align: 'right',
      value: ({ format, amounts }) => (amounts[key] === null ? 'no limit' : format(amounts[key])),
    }),
  ),
]

function describeScope({ scope }: Pick<Budget, 'scope'>): string {
  if (scope.kind === 'tenant') return 'tenant'
  return scope.id === null ? `each ${scope.kind}` : `${scope.kind} ${oneLine(scope.id)}`
}

function describeLimits({ limitNanos, tokenLimit, requestLimit }: Budget): string {
  return [
    ...(limitNanos === null ? [] : [formatCost(limitNanos)]),
    ...(tokenLimit === null ? [] : [formatPlural(tokenLimit, 'token')]),
    ...(requestLimit === null ? [] : [formatPlural(requestLimit, 'request')]),
  ].join(', ')
}

function describeReset(resetsAt: string | null | undefined, period: Budget['period']): string {
  if (period === 'total') return 'never resets'
  return resetsAt ? `resets ${formatTime(resetsAt)}` : '-'
}

function fullestOf(windows: readonly BudgetWindow[]): BudgetWindow | undefined {
  return windows.toSorted((one, other) => shareOf(other) - shareOf(one))[0]
}

/** What is spent or reserved of the limit that is nearest; more than 1 when the limit was lowered since. */
function shareOf(window: BudgetWindow): number {
  const shares = measuresOf(window).flatMap(({ amounts: { allowed, spent, reserved } }) =>
    allowed === null ? [] : [allowed === 0 ? 1 : (spent + reserved) / allowed],
  )
  return Math.max(0, ...shares)
}

/** Only what is all used is full, and only what is untouched is empty. */
function renderBar(window: BudgetWindow | undefined): string {
  const share = window ? shareOf(window) : 0
  const filled = share >= 1 ? barWidth : Math.min(barWidth - 1, Math.ceil(share * barWidth))
  const percent = share >= 1 ? Math.floor(share * 100) : Math.min(99, Math.ceil(share * 100))
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${String(percent).padStart(3)} %`
}
