import type { Plan } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { Plans } from '../db/schema.gen.ts'
import { toPlan } from '../tenancy/plans.ts'
import { quotaExceeded } from './quota-exceeded.ts'

/** What the tenant has now. */
export const counts = {
  agents: async (tx: Tx) => {
    const { rows } = await sql<{ count: number }>`select count_agents() as count`.execute(tx)
    return rows[0]?.count ?? 0
  },
  /** With those who were invited and may still come, so that an invitation that was made can be accepted. */
  members: async (tx: Tx) => {
    const { rows } = await sql<{ count: number }>`
      select (select count(*) from memberships where source not in ('service', 'support'))
        + (select count(*) from invitations
            where accepted_at is null and revoked_at is null and expires_at > now()) as count`.execute(tx)
    return rows[0]?.count ?? 0
  },
}

/**
 * Throws `quota_exceeded` when the tenant has all that its plan allows. Those that create one wait for each other until
 * they have committed, so that the quota is exact; without a quota nobody waits.
 */
export async function assertQuota(tx: Tx, tenantId: string, quota: keyof typeof counts): Promise<void> {
  const { name: plan, quotas } = await findPlan(tx, tenantId)
  const allowed = quotas[quota]
  if (allowed === null) return
  await sql`select pg_advisory_xact_lock(hashtextextended(${`freehold.quota.${quota}:${tenantId}`}, 0))`.execute(tx)
  const used = await counts[quota](tx)
  if (used >= allowed) throw quotaExceeded({ quota, plan, used, allowed })
}

export async function findPlan(tx: Tx, tenantId: string): Promise<Plan> {
  const { rows } = await sql<Selectable<Plans>>`select * from door_find_plan(${tenantId})`.execute(tx)
  const [row] = rows
  // A foreign key holds it.
  if (!row) throw new Error(`the tenant ${tenantId} has no plan`)
  return toPlan(row)
}
