import type { Limits } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { counts, findPlan } from './assert-quota.ts'
import { measureStorage } from './measure-storage.ts'

/** What the plan of the caller's tenant allows, and what is used of it. */
export async function getLimits(caller: Caller): Promise<Limits> {
  authorize(caller, 'tenant:read')
  const { tenantId } = caller
  const { database } = caller.platform
  await measureStorage(database, tenantId)
  return database.withTenant(tenantId, async (tx) => {
    const { name: plan, rateLimits, quotas } = await findPlan(tx, tenantId)
    const month = await countRuns(tx, tenantId)
    const stored = await tx.selectFrom('storage_measures').select(['bytes', 'measured_at']).executeTakeFirst()
    return {
      plan,
      rateLimits,
      quotas: {
        agents: { used: await counts.agents(tx), allowed: quotas.agents },
        runsPerMonth: {
          used: month?.runs ?? 0,
          allowed: quotas.runsPerMonth,
          resetsAt: (month?.ends_at ?? new Date()).toISOString(),
        },
        members: { used: await counts.members(tx), allowed: quotas.members },
        storageBytes: {
          used: stored?.bytes ?? null,
          allowed: quotas.storageBytes,
          measuredAt: stored?.measured_at?.toISOString() ?? null,
        },
      },
    }
  })
}

async function countRuns(tx: Tx, tenantId: string): Promise<{ runs: number; ends_at: Date } | undefined> {
  const { rows } = await sql<{ runs: number; ends_at: Date }>`
    with month as (
      select date_trunc('month', now() at time zone t.time_zone) as local, t.time_zone
        from tenants t where t.id = ${tenantId}
    )
    select coalesce(c.runs, count_runs_since(${tenantId}, month.local at time zone month.time_zone)) as runs,
           (month.local + interval '1 month') at time zone month.time_zone as ends_at
      from month
      cross join door_find_plan(${tenantId}) plan
      left join run_counts c on c.tenant_id = ${tenantId} and c.month_start = month.local at time zone month.time_zone
        and c.plan_revision = plan.revision and plan.max_runs_per_month is not null`.execute(tx)
  return rows[0]
}
