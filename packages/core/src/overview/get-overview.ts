import type { Overview, OverviewQuery } from '@freehold/contracts'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { selectRuns } from '../runs/select-runs.ts'
import { readNearBudgets } from './near-budgets.ts'
import { type Period, readPeriod } from './period.ts'
import { readRecentChanges } from './recent-changes.ts'
import { readBusiestAgents, readRunFigures, readSeries } from './run-figures.ts'

/** How the tenant is doing. What the caller may not see is left out of it. */
export async function getOverview(caller: Caller, query: OverviewQuery): Promise<Overview> {
  authorize(caller, 'runs:read')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const period = await readPeriod(tx, caller.tenantId, query)
    return { timeZone: period.timeZone, ...(await readRuns(tx, caller, period)), ...(await readRest(tx, caller)) }
  })
}

async function readRuns(tx: Tx, caller: TenantCaller, period: Period) {
  return {
    ...(await readRunFigures(tx, caller, period)),
    series: await readSeries(tx, caller, period),
    now: await countActive(tx, caller),
    agents: await readBusiestAgents(tx, caller, period.from),
  }
}

async function readRest(tx: Tx, caller: TenantCaller) {
  const { permissions } = caller
  return {
    approvalsWaiting: permissions.has('approvals:read') ? await countWaitingApprovals(tx) : null,
    budgets: permissions.has('budgets:read') ? await readNearBudgets(tx) : null,
    changes: permissions.has('audit:read') ? await readRecentChanges(tx) : null,
  }
}

async function countActive(tx: Tx, caller: Caller): Promise<Overview['now']> {
  const rows = await selectRuns(tx, caller)
    .select(['status', (eb) => eb.fn.countAll<number>().as('runs')])
    .where('status', 'in', ['queued', 'running', 'waiting'])
    .groupBy('status')
    .execute()
  const of = (status: keyof Overview['now']) => rows.find((row) => row.status === status)?.runs ?? 0
  return { queued: of('queued'), running: of('running'), waiting: of('waiting') }
}

async function countWaitingApprovals(tx: Tx): Promise<number> {
  const { waiting } = await tx
    .selectFrom('approvals')
    .select((eb) => eb.fn.countAll<number>().as('waiting'))
    .where('status', '=', 'pending')
    .executeTakeFirstOrThrow()
  return waiting
}
