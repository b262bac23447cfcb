import type { Database } from '../db/database.ts'
import type { ClaimedRun } from '../runs/claim-runs.ts'

/** The conversation before this run's own message, oldest first. */
export async function readHistory(database: Database, run: ClaimedRun): Promise<{ role: string; content: unknown }[]> {
  if (run.limits.historyMessages === 0) return []
  const rows = await database.withTenant(run.lease.tenantId, (tx) =>
    tx
      .selectFrom('messages')
      .select(['role', 'content', 'seq'])
      .where('thread_id', '=', run.threadId)
      .where('seq', '<', (eb) =>
        eb
          .selectFrom('messages as own')
          .select((own) => own.fn.min('own.seq').as('seq'))
          .where('own.run_id', '=', run.lease.runId),
      )
      .orderBy('seq', 'desc')
      .limit(run.limits.historyMessages)
      .execute(),
  )
  return rows.reverse().map(({ role, content }) => ({ role, content }))
}
