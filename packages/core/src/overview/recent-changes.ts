import type { RecentChange } from '@freehold/contracts'
import type { Tx } from '../db/database.ts'

const shownChanges = 6

/** The newest changes of what agents do and may spend. */
export async function readRecentChanges(tx: Tx): Promise<RecentChange[]> {
  const rows = await tx
    .selectFrom('audit_entries')
    .select(['seq', 'at', 'actor', 'actor_name', 'action', 'subject_kind', 'subject_id'])
    .where('subject_kind', 'in', ['agent', 'release', 'budget'])
    .orderBy('seq', 'desc')
    .limit(shownChanges)
    .execute()
  return rows.map((row) => ({
    seq: row.seq,
    at: row.at.toISOString(),
    actor: row.actor,
    actorName: row.actor_name,
    action: row.action,
    subject: { kind: row.subject_kind, id: row.subject_id },
  }))
}
