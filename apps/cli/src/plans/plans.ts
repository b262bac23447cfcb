import { type Plan, putPlanSchema } from '@freehold/contracts'
import { connectOperator } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { describeBytes, readBytes, readQuota, readRate } from '../limits/describe-limit.ts'
import { type Column, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export interface PlanOptions {
  weight: number
  maxRunning: number
  maxQueued: number
  isolation: string
  keyRate?: string
  userRate?: string
  tenantRate?: string
  maxAgents?: string
  maxRunsPerMonth?: string
  maxMembers?: string
  maxStorage?: string
}

export async function listPlans(context: Context): Promise<undefined> {
  const { client } = await connectOperator(context)
  const { items } = await client.listPlans()
  print(context, items, items)
}

export async function setPlan(context: Context, name: string, options: PlanOptions): Promise<undefined> {
  const { weight, maxRunning: maxRunningRuns, maxQueued: maxQueuedRuns, isolation } = options
  const rateLimits = {
    key: readRate('--key-rate', options.keyRate),
    user: readRate('--user-rate', options.userRate),
    tenant: readRate('--tenant-rate', options.tenantRate),
  }
  const quotas = {
    agents: readQuota('--max-agents', options.maxAgents),
    runsPerMonth: readQuota('--max-runs-per-month', options.maxRunsPerMonth),
    members: readQuota('--max-members', options.maxMembers),
    storageBytes: readBytes('--max-storage', options.maxStorage),
  }
  const body = parseInput(putPlanSchema, { isolation, weight, maxRunningRuns, maxQueuedRuns, rateLimits, quotas })
  const { client } = await connectOperator(context)
  const plan = await client.putPlan({ params: { name }, body })
  print(context, [plan], plan)
}

function print({ terminal, json }: Context, plans: Plan[], forPrograms: Plan | Plan[]): void {
  if (json) printJson(terminal, forPrograms)
  else terminal.write(renderTable(columns, plans, terminal.columns, terminal.paint))
}

const columns: Column<Plan>[] = [
  { title: 'PLAN', value: ({ name }) => name },
  { title: 'ISOLATION', value: ({ isolation }) => isolation },
  { title: 'WEIGHT', align: 'right', value: ({ weight }) => String(weight) },
  { title: 'RUNNING', align: 'right', value: ({ maxRunningRuns }) => String(maxRunningRuns) },
  { title: 'QUEUED', align: 'right', value: ({ maxQueuedRuns }) => String(maxQueuedRuns) },
  { title: 'KEY/S', align: 'right', value: ({ rateLimits }) => orDash(rateLimits.key?.requestsPerSecond) },
  { title: 'TENANT/S', align: 'right', value: ({ rateLimits }) => orDash(rateLimits.tenant?.requestsPerSecond) },
  { title: 'AGENTS', align: 'right', value: ({ quotas }) => orDash(quotas.agents) },
  { title: 'RUNS/MONTH', align: 'right', value: ({ quotas }) => orDash(quotas.runsPerMonth) },
  {
    title: 'STORAGE',
    align: 'right',
    value: ({ quotas }) => (quotas.storageBytes === null ? '-' : describeBytes(quotas.storageBytes)),
  },
]

function orDash(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : String(value)
}
