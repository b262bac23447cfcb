import type { Page, Tenant, TenantHealth } from '@freehold/contracts'
import type { PageQuery } from '../cursor.ts'
import { firstIdAt } from '../db/time.ts'
import type { Caller } from '../identity/caller.ts'
import { shareOf } from '../runs/agent-figures.ts'
import { listTenants } from './tenants.ts'

const monthMs = 30 * 86_400_000

interface Row {
  tenant_id: string
  runs: number
  succeeded: number
  failed: number
  cost_nanos: number
  queued: number
  running: number
  waiting: number
  last_run_at: Date | null
}

/** The tenants of the installation, and in numbers how their agents did. Authorized as the list of tenants is. */
export async function listTenantHealth(caller: Caller, query: PageQuery): Promise<Page<TenantHealth>> {
  const { items, nextCursor } = await listTenants(caller, query)
  const since = new Date(Date.now() - monthMs)
  const rows = await caller.platform.database.call<Row>(
    'measure-tenants',
    'select * from door_measure_tenants($1, $2, $3)',
    [items.map(({ id }) => id), since, firstIdAt(since)],
  )
  const byTenant = new Map(rows.map((row) => [row.tenant_id, row]))
  return {
    items: items.flatMap((tenant) => {
      const row = byTenant.get(tenant.id)
      return row ? [toHealth(tenant, row)] : []
    }),
    nextCursor,
  }
}

function toHealth({ id, name, status, plan, createdAt }: Tenant, row: Row): TenantHealth {
  const { runs, succeeded, failed, queued, running, waiting } = row
  return {
    id,
    name,
    status,
    createdAt,
    plan: plan.name,
    isolation: plan.isolation,
    lastMonth: { runs, failureRate: shareOf(failed, succeeded + failed), costNanos: row.cost_nanos },
    now: { queued, running, waiting },
    lastRunAt: row.last_run_at?.toISOString() ?? null,
  }
}
