import {
  type IsolationTier,
  type NewPlan,
  type Plan,
  planSchema,
  type Rate,
  type RateLimits,
} from '@freehold/contracts'
import type { Selectable } from 'kysely'
import type { Database } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import type { Plans } from '../db/schema.gen.ts'
import { authorizePlatform, type Caller } from '../identity/caller.ts'

export async function listPlans(caller: Caller): Promise<{ items: Plan[] }> {
  authorizePlatform(caller, 'platform:tenants:read')
  return { items: await readPlans(caller.platform.database) }
}

/**
 * Creates or changes a plan. It holds for the next claim, within a second for the next start of a run, and within the
 * gateway's memory of a key for its requests.
 */
export async function putPlan(caller: Caller, input: NewPlan): Promise<Plan> {
  authorizePlatform(caller, 'platform:tenants:write')
  const plan = planSchema.parse(input)
  const { name, weight, maxRunningRuns, maxQueuedRuns } = plan
  await caller.platform.database.call('put-plan', 'select door_put_plan($1, $2, $3, $4, $5)', [
    name,
    weight,
    maxRunningRuns,
    maxQueuedRuns,
    encodeJson(toColumns(plan)),
  ])
  caller.platform.bus.publish({ kind: 'work' })
  return plan
}

/** All plans, a handful. */
export async function readPlans(database: Database): Promise<Plan[]> {
  const rows = await database.call<Selectable<Plans>>('list-plans', 'select * from door_list_plans()', [])
  return rows.map(toPlan)
}

export function toPlan(row: Selectable<Plans>): Plan {
  return {
    name: row.name,
    isolation: row.isolation as IsolationTier,
    weight: row.weight,
    maxRunningRuns: row.max_running_runs,
    maxQueuedRuns: row.max_queued_runs,
    rateLimits: toRateLimits(row),
    quotas: {
      agents: row.max_agents,
      runsPerMonth: row.max_runs_per_month,
      members: row.max_members,
      storageBytes: row.max_storage_bytes,
    },
  }
}

/** What the plan of a tenant says of requests. */
export async function readRateLimits(database: Database, tenantId: string): Promise<RateLimits> {
  const [row] = await database.call<Selectable<Plans>>('find-plan', 'select * from door_find_plan($1)', [tenantId])
  return row ? toRateLimits(row) : noRateLimits
}

export const noRateLimits: RateLimits = { key: null, user: null, tenant: null }

export type RateRow = Pick<
  Selectable<Plans>,
  | 'key_requests_per_second'
  | 'key_burst'
  | 'user_requests_per_second'
  | 'user_burst'
  | 'tenant_requests_per_second'
  | 'tenant_burst'
>

export function toRateLimits(row: RateRow): RateLimits {
  return {
    key: toRate(row.key_requests_per_second, row.key_burst),
    user: toRate(row.user_requests_per_second, row.user_burst),
    tenant: toRate(row.tenant_requests_per_second, row.tenant_burst),
  }
}

function toRate(requestsPerSecond: number | null, burst: number | null): Rate | null {
  return requestsPerSecond === null ? null : { requestsPerSecond, burst }
}

function toColumns({ isolation, rateLimits: { key, user, tenant }, quotas }: Plan) {
  return {
    isolation,
    key_requests_per_second: key?.requestsPerSecond,
    key_burst: key?.burst,
    user_requests_per_second: user?.requestsPerSecond,
    user_burst: user?.burst,
    tenant_requests_per_second: tenant?.requestsPerSecond,
    tenant_burst: tenant?.burst,
    max_agents: quotas.agents,
    max_runs_per_month: quotas.runsPerMonth,
    max_members: quotas.members,
    max_storage_bytes: quotas.storageBytes,
  }
}
