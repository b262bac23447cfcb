import type { AuditEntry } from '@freehold/contracts'
import type { Selectable } from 'kysely'
import type { AuditEntries } from '../db/schema.gen.ts'

/** The entry that a row holds, as it was hashed. */
export function toEntry(row: Selectable<AuditEntries>): AuditEntry {
  return {
    tenantId: row.tenant_id,
    seq: row.seq,
    at: row.at.toISOString(),
    actor: row.actor,
    actorName: row.actor_name,
    action: row.action,
    subject: { kind: row.subject_kind, id: row.subject_id },
    before: row.before,
    after: row.after,
    requestId: row.request_id,
    address: row.address,
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}
