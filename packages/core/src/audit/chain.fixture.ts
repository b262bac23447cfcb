import type { AuditEntry } from '@freehold/contracts'
import type { TestPlatform } from '@freehold/testkit'
import { hashEntry } from './hash-entry.ts'
import { toEntry } from './present-entry.ts'

/** What a superuser does who knows what he is doing. */
export async function tamperWith(on: TestPlatform, statements: string): Promise<void> {
  await on.asSuperuser(`set local session_replication_role = replica; ${statements}`)
}

/** Adds entries like the last one, as if there had been changes, until the chain has so many. */
export async function lengthenChain(on: TestPlatform, tenantId: string, length: number): Promise<void> {
  const added: AuditEntry[] = []
  const newest = await on.database.withTenant(tenantId, (tx) =>
    tx.selectFrom('audit_entries').selectAll().orderBy('seq', 'desc').limit(1).executeTakeFirstOrThrow(),
  )
  let last = toEntry(newest)
  while (last.seq < length) {
    const next: AuditEntry = { ...last, seq: last.seq + 1, previousHash: last.hash }
    last = { ...next, hash: hashEntry(next) }
    added.push(last)
  }
  const rows = added.map(({ seq, hash, previousHash }) => ({ seq, hash, previous_hash: previousHash }))
  await on.asSuperuser(
    `insert into audit_entries (tenant_id, seq, at, actor, actor_name, action, subject_kind, subject_id, before, after,
        request_id, address, previous_hash, hash)
       select e.tenant_id, r.seq, e.at, e.actor, e.actor_name, e.action, e.subject_kind, e.subject_id, e.before, e.after,
              e.request_id, e.address, r.previous_hash, r.hash
         from jsonb_to_recordset($1::jsonb) r (seq bigint, hash text, previous_hash text)
         join audit_entries e on e.tenant_id = $2 and e.seq = $3`,
    [JSON.stringify(rows), tenantId, newest.seq],
  )
}
