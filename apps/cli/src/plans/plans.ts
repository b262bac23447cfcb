import { type Plan, putPlanSchema } from '@freehold/contracts'
import { connectOperator } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { type Column, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export interface PlanOptions {
  weight: number
  maxRunning: number
  maxQueued: number
}

export async function listPlans(context: Context): Promise<undefined> {
  const { client } = await connectOperator(context)
  const { items } = await client.listPlans()
  print(context, items, items)
}

export async function setPlan(context: Context, name: string, options: PlanOptions): Promise<undefined> {
  const { weight, maxRunning: maxRunningRuns, maxQueued: maxQueuedRuns } = options
  const body = parseInput(putPlanSchema, { weight, maxRunningRuns, maxQueuedRuns })
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
  { title: 'WEIGHT', align: 'right', value: ({ weight }) => String(weight) },
  { title: 'RUNNING', align: 'right', value: ({ maxRunningRuns }) => String(maxRunningRuns) },
  { title: 'QUEUED', align: 'right', value: ({ maxQueuedRuns }) => String(maxQueuedRuns) },
]
