import type { NearBudget } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'

const shownBudgets = 5

/** The allowances that are used most, each by the measure that is nearest its limit. */
export async function readNearBudgets(tx: Tx): Promise<NearBudget[]> {
  const { rows } = await sql<Omit<NearBudget, 'resetsAt'> & { resetsAt: Date | null }>`
    select b.id, b.name, b.period, s.subject, m.measure, m.spent, m.reserved, m.allowed,
           nullif(coalesce(w.window_end, fresh.ends_at), 'infinity') as "resetsAt"
      from budgets b join tenants t on t.id = b.tenant_id
      -- The latest window of each subject, unless it has ended.
      left join lateral (
        select distinct on (c.subject) c.* from budget_windows c
         where c.budget_id = b.id and c.window_end > now() order by c.subject, c.window_start desc
      ) w on true
      cross join lateral budget_period(b.period, now(), t.time_zone) fresh
      cross join lateral coalesce(w.subject, case b.scope_kind when 'tenant' then t.id::text else b.scope_id end) s (subject)
      cross join lateral (
        select v.*, (v.spent + v.reserved)::float8 / greatest(v.allowed, 1) as share
          from (values
            ('nanos', coalesce(w.spent_nanos, 0), coalesce(w.reserved_nanos, 0),
              b.limit_nanos + coalesce(w.extra_nanos, 0)),
            ('tokens', coalesce(w.spent_tokens, 0), coalesce(w.reserved_tokens, 0),
              b.token_limit + coalesce(w.extra_tokens, 0)),
            ('requests', coalesce(w.spent_requests, 0), coalesce(w.reserved_requests, 0),
              b.request_limit + coalesce(w.extra_requests, 0))
          ) v (measure, spent, reserved, allowed)
         where v.allowed is not null order by share desc limit 1
      ) m
     where b.status = 'active' and s.subject is not null
     order by m.share desc, b.name, s.subject limit ${shownBudgets}`.execute(tx)
  return rows.map((row) => ({ ...row, resetsAt: row.resetsAt?.toISOString() ?? null }))
}
