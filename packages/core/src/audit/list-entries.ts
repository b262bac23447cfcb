import type { AuditAction, AuditEntry, Page } from '@freehold/contracts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { toEntry } from './present-entry.ts'

export interface ListAuditQuery extends PageQuery {
  actor?: string | undefined
  action?: AuditAction | undefined
  subject?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

/** Who changed what, newest first. */
export async function listAudit(caller: Caller, query: ListAuditQuery): Promise<Page<AuditEntry>> {
  authorize(caller, 'audit:read')
  const before = decodeCursor(query.cursor, cursorKeys.number)
  const { actor, action, subject, from, to } = query
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('audit_entries')
      .selectAll()
      .$if(before !== undefined, (q) => q.where('seq', '<', Number(before)))
      .$if(actor !== undefined, (q) => q.where('actor', '=', actor ?? ''))
      .$if(action !== undefined, (q) => q.where('action', '=', action ?? ''))
      .$if(subject !== undefined, (q) => q.where('subject_id', '=', subject ?? ''))
      .$if(from !== undefined, (q) => q.where('at', '>=', new Date(from ?? '')))
      .$if(to !== undefined, (q) => q.where('at', '<', new Date(to ?? '')))
      .orderBy('seq', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toEntry, ({ seq }) => String(seq))
}

/** A stretch of the chain in its own order, for a copy that can be verified elsewhere. */
export async function exportAudit(
  caller: Caller,
  { after, limit }: { after: number; limit: number },
): Promise<{ items: AuditEntry[] }> {
  authorize(caller, 'audit:read')
  const items = await caller.platform.database.withTenant(caller, (tx) => readChain(tx, after, limit))
  return { items }
}

export async function readChain(tx: Tx, after: number, limit: number): Promise<AuditEntry[]> {
  const rows = await tx
    .selectFrom('audit_entries')
    .selectAll()
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map(toEntry)
}
