import type { AuditAction, AuditEntry } from '@freehold/contracts'
import { sql } from 'kysely'
import { storable } from '../approvals/arguments-hash.ts'
import type { Tx } from '../db/database.ts'
import { cleanText, encodeJson } from '../db/json.ts'
import { actorName } from '../identity/caller.ts'
import { abridge } from './abridge.ts'
import { hashEntry, startOfChain } from './hash-entry.ts'
import { maskSecrets } from './mask-secrets.ts'

/** Who did it: a caller, or a part of the platform that acts by itself. */
export interface Author {
  tenantId: string
  actor: { kind: string; id: string; name: string }
  requestId: string
  address?: string | undefined
}

export interface Change {
  action: AuditAction
  /** The id of what was changed; of an agent, its name. What kind of thing it is stands in the action. */
  subjectId: string
  /** How it was before, and is after, as far as people may see it. Absent for what wasn't there, or is gone. */
  before?: unknown
  after?: unknown
}

/**
 * Appends to the audit chain of the caller's tenant, in the transaction of the change: neither is there without the
 * other. Call it after the last write of the verb. One transaction at a time extends a chain until it commits, so whoever
 * does must wait for no other lock.
 */
export async function recordChange(tx: Tx, author: Author, change: Change): Promise<void> {
  const entry = await nextEntry(tx, author, change)
  await tx
    .insertInto('audit_entries')
    .values({
      tenant_id: entry.tenantId,
      seq: entry.seq,
      at: entry.at,
      actor: entry.actor,
      actor_name: entry.actorName,
      action: entry.action,
      subject_kind: entry.subject.kind,
      subject_id: entry.subject.id,
      before: encodeJson(entry.before),
      after: encodeJson(entry.after),
      request_id: entry.requestId,
      address: entry.address,
      previous_hash: entry.previousHash,
      hash: entry.hash,
    })
    .execute()
}

async function nextEntry(tx: Tx, author: Author, change: Change): Promise<AuditEntry> {
  const { at, seq, hash } = await lockHead(tx, author.tenantId)
  const [kind = ''] = change.action.split('.')
  const content = {
    tenantId: author.tenantId,
    seq: (seq ?? 0) + 1,
    at: at.toISOString(),
    actor: actorName(author),
    actorName: cleanText(author.actor.name),
    action: change.action,
    subject: { kind, id: change.subjectId },
    before: recordable(change.before),
    after: recordable(change.after),
    requestId: author.requestId,
    address: author.address ?? null,
    previousHash: hash ?? startOfChain,
  }
  return { ...content, hash: hashEntry(content) }
}

/** As the database gives it back, so that it hashes to the same; short, so that whoever reads a chain can hold many. */
function recordable(value: unknown): unknown {
  return abridge(maskSecrets(storable(value)))
}

/** The newest entry, which stays that until the transaction ends, and the time by the database's clock. */
async function lockHead(tx: Tx, tenantId: string): Promise<{ at: Date; seq: number | null; hash: string | null }> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`freehold.audit:${tenantId}`}, 0))`.execute(tx)
  // A statement of its own: its snapshot is of after the lock.
  const { rows } = await sql<{ at: Date; seq: number | null; hash: string | null }>`
    select date_trunc('milliseconds', clock_timestamp()) as at, head.seq, head.hash
      from (values (1)) one
      left join lateral (
        select e.seq, e.hash from audit_entries e where e.tenant_id = ${tenantId} order by e.seq desc limit 1
      ) head on true`.execute(tx)
  const [head] = rows
  if (!head) throw new Error('the head of the audit chain was not read')
  return head
}
