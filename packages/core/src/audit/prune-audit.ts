import { type AuditPruning, FreeholdError, type PruneAudit } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'
import { authorizeOnTenant, readTenant } from '../tenancy/tenants.ts'
import type { Anchors } from './anchors.ts'
import { signCheckpoint } from './checkpoints.ts'
import { recordChange } from './record-change.ts'
import { verifyChain } from './verify-audit.ts'

/**
 * Removes the entries of a tenant from before a point in time, as far as they are whole and anchored, but for the newest
 * anchored one. The chain gets an entry with a signed checkpoint in their place, from which the rest is proved.
 */
export async function pruneAudit(
  caller: Caller,
  tenantId: string,
  { before }: PruneAudit,
  anchors: Anchors,
): Promise<AuditPruning> {
  authorizeOnTenant(caller, 'platform:tenants:write')
  const { database } = caller.platform
  await readTenant(caller.platform, tenantId)
  const { problem, anchoredSeq } = await verifyChain(database, tenantId, anchors)
  if (problem) {
    throw new FreeholdError(
      'conflict',
      `The chain is not as it was at entry ${problem.seq}, so nothing is removed of it.`,
    )
  }
  return database.withTenant(tenantId, async (tx) => {
    const pruned = await findPruned(tx, before, anchoredSeq ?? 0)
    const checkpoint = pruned && signCheckpoint(anchors, { tenantId, seq: pruned.last.seq, hash: pruned.last.hash })
    const removed = pruned ? pruned.last.seq - pruned.firstSeq + 1 : 0
    const after = { before, removed, checkpoint: checkpoint ?? null }
    await recordChange(tx, { ...caller, tenantId }, { action: 'audit.pruned', subjectId: tenantId, after })
    // The door asks for the entry.
    if (pruned) await sql`select door_prune_audit(${tenantId}, ${pruned.last.seq})`.execute(tx)
    return { removed, prunedSeq: pruned?.last.seq ?? null }
  })
}

/** The entries before the first that isn't older than `before`, and before the one that is anchored last. */
async function findPruned(
  tx: Tx,
  before: string,
  anchoredSeq: number,
): Promise<{ firstSeq: number; last: { seq: number; hash: string } } | undefined> {
  const kept = await tx
    .selectFrom('audit_entries')
    .select((eb) => eb.fn.min('seq').as('seq'))
    .where('at', '>=', new Date(before))
    .executeTakeFirst()
  const last = await tx
    .selectFrom('audit_entries')
    .select(['seq', 'hash'])
    .where('seq', '<', Math.min(kept?.seq ?? anchoredSeq, anchoredSeq))
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  const first = await tx.selectFrom('audit_entries').select('seq').orderBy('seq').limit(1).executeTakeFirst()
  return last && first ? { firstSeq: first.seq, last } : undefined
}
