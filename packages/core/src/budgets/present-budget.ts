import type { Budget, BudgetWindow } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { Budgets, BudgetWindows } from '../db/schema.gen.ts'

type BudgetRow = Selectable<Budgets>
type WindowRow = Omit<Selectable<BudgetWindows>, 'window_start' | 'window_end'> & {
  starts_at: Date | null
  ends_at: Date | null
}

const shownSubjects = 5

/** Budgets with the windows that are under way. */
export async function presentBudgets(tx: Tx, tenantId: string, rows: readonly BudgetRow[]): Promise<Budget[]> {
  const windows = await readWindows(
    tx,
    rows.map(({ id }) => id),
  )
  return Promise.all(
    rows.map(async (row) => {
      const own = windows.filter(({ budget_id }) => budget_id === row.id)
      const subject = row.scope_kind === 'tenant' ? tenantId : row.scope_id
      // Nothing was asked of it in this period yet.
      if (own.length === 0 && subject !== null) own.push(await emptyWindow(tx, row, subject))
      return toBudget(row, own)
    }),
  )
}

/** The latest window of each subject, unless it has ended; of each budget those that took most. */
async function readWindows(tx: Tx, budgetIds: string[]): Promise<WindowRow[]> {
  const { rows } = await sql<WindowRow>`
    select w.* from unnest(${budgetIds}::uuid[]) b (id)
      cross join lateral (
        select l.*, nullif(l.window_start, 'epoch') as starts_at, nullif(l.window_end, 'infinity') as ends_at
          from (
            select distinct on (c.subject) c.* from budget_windows c
             where c.budget_id = b.id and c.window_end > now()
             order by c.subject, c.window_start desc
          ) l
         order by l.spent_nanos + l.reserved_nanos desc, l.spent_tokens + l.reserved_tokens desc, l.subject
         limit ${shownSubjects}
      ) w`.execute(tx)
  return rows
}

async function emptyWindow(tx: Tx, { id, tenant_id, period }: BudgetRow, subject: string): Promise<WindowRow> {
  const { rows } = await sql<Pick<WindowRow, 'starts_at' | 'ends_at'>>`
    select nullif(p.starts_at, 'epoch') as starts_at, nullif(p.ends_at, 'infinity') as ends_at
      from tenants t cross join budget_period(${period}, now(), t.time_zone) p where t.id = ${tenant_id}`.execute(tx)
  const none = { spent_nanos: 0, reserved_nanos: 0, spent_tokens: 0, reserved_tokens: 0 }
  const extra = { extra_nanos: 0, extra_tokens: 0, extra_requests: 0 }
  const { starts_at = null, ends_at = null } = rows[0] ?? {}
  return {
    ...{ tenant_id, budget_id: id, subject, starts_at, ends_at },
    ...{ ...none, ...extra, spent_requests: 0, reserved_requests: 0, warned: false },
  }
}

function toBudget(row: BudgetRow, windows: WindowRow[]): Budget {
  return {
    id: row.id,
    ...termsOf(row),
    windows: windows.map((window) => toWindow(row, window)),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

/** What a budget was set to, without what was used of it. */
export function termsOf(row: BudgetRow): Omit<Budget, 'id' | 'windows' | 'createdBy' | 'createdAt' | 'updatedAt'> {
  return {
    name: row.name,
    // Columns with a check constraint.
    scope: { kind: row.scope_kind as Budget['scope']['kind'], id: row.scope_id },
    period: row.period as Budget['period'],
    limitNanos: row.limit_nanos,
    tokenLimit: row.token_limit,
    requestLimit: row.request_limit,
    softPercent: row.soft_percent,
  }
}

function toWindow(budget: BudgetRow, window: WindowRow): BudgetWindow {
  return {
    subject: window.subject,
    startsAt: window.starts_at?.toISOString() ?? null,
    resetsAt: window.ends_at?.toISOString() ?? null,
    nanos: measure(budget.limit_nanos, window.extra_nanos, window.spent_nanos, window.reserved_nanos),
    tokens: measure(budget.token_limit, window.extra_tokens, window.spent_tokens, window.reserved_tokens),
    requests: measure(budget.request_limit, window.extra_requests, window.spent_requests, window.reserved_requests),
    forecastNanos: forecast(window),
    warned: window.warned,
  }
}

/** Linear: what is spent, over the share of the period that is over. */
function forecast({ starts_at, ends_at, spent_nanos }: WindowRow): number | null {
  if (starts_at === null || ends_at === null) return null
  const elapsed = (Date.now() - starts_at.getTime()) / (ends_at.getTime() - starts_at.getTime())
  return elapsed < 0.01 ? null : Math.round(spent_nanos / Math.min(elapsed, 1))
}

function measure(limit: number | null, extra: number, spent: number, reserved: number): BudgetWindow['nanos'] {
  const allowed = limit === null ? null : limit + extra
  // A limit can be lowered below what is spent.
  return { allowed, spent, reserved, remaining: allowed === null ? null : Math.max(0, allowed - spent - reserved) }
}
