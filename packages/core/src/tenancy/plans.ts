import type { Plan } from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import { authorizePlatform, type Caller } from '../identity/caller.ts'

export async function listPlans(caller: Caller): Promise<{ items: Plan[] }> {
  authorizePlatform(caller, 'platform:tenants:read')
  return { items: await readPlans(caller.platform.database) }
}

/** Creates or changes a plan. It holds for the next claim, and within a second for the next start of a run. */
export async function putPlan(caller: Caller, plan: Plan): Promise<Plan> {
  authorizePlatform(caller, 'platform:tenants:write')
  const { name, weight, maxRunningRuns, maxQueuedRuns } = plan
  await caller.platform.database.call('put-plan', 'select door_put_plan($1, $2, $3, $4)', [
    name,
    weight,
    maxRunningRuns,
    maxQueuedRuns,
  ])
  caller.platform.bus.publish({ kind: 'work' })
  return plan
}

/** All plans, a handful. */
export async function readPlans(database: Database): Promise<Plan[]> {
  const rows = await database.call<{ name: string; weight: number; max_running_runs: number; max_queued_runs: number }>(
    'list-plans',
    'select * from door_list_plans()',
    [],
  )
  return rows.map((row) => ({
    name: row.name,
    weight: row.weight,
    maxRunningRuns: row.max_running_runs,
    maxQueuedRuns: row.max_queued_runs,
  }))
}
