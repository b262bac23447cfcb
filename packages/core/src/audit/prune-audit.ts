import { type AuditPruning, FreeholdError, type PruneAudit } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Database, Tx } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'
import { authorizeOnTenant, readTenant } from '../tenancy/tenants.ts'
import type { Anchors } from './anchors.ts'
import { signCheckpoint } from './checkpoints.ts'
import { recordChange } from './record-change.ts'
import { type VerifiedArchive, verifyArchive } from './verify-archive.ts'
import { verifyChain } from './verify-audit.ts'

/**
 * Removes the entries of a tenant from before a point in time, as far as they are whole and anchored, and archived where there
 * is an archive, but for the newest anchored one. The chain gets an entry with a signed checkpoint in their place, from which
 * the rest is proved.
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
  const archived = await readArchive(database, tenantId, anchors)
  const { problem, anchoredSeq } = await verifyChain(database, tenantId, anchors, archived?.anchors)
  assertWhole('chain', problem)
  return database.withTenant(tenantId, async (tx) => {
    const { first, last: wished } = await findOld(tx, before, (anchoredSeq ?? 0) - 1)
    const last = Math.min(wished, archived ? (archived.archive.lastSeq ?? 0) : wished)
    const removed = Math.max(0, last - first + 1)
    const checkpoint =
      removed > 0 ? signCheckpoint(anchors, { tenantId, seq: last, hash: await readHash(tx, last) }) : null
    const after = { before, removed, checkpoint, archived: archived !== undefined }
    await recordChange(tx, { ...caller, tenantId }, { action: 'audit.pruned', subjectId: tenantId, after })
    // The door asks for the entry.
    if (checkpoint) await sql`select door_prune_audit(${tenantId}, ${last})`.execute(tx)
    return { removed, prunedSeq: checkpoint?.seq ?? null, unarchived: wished - Math.max(last, first - 1) }
  })
}

/** What the archive has of the entries that are still in the chain; undefined where nothing is archived. */
async function readArchive(
  database: Database,
  tenantId: string,
  anchors: Anchors,
): Promise<VerifiedArchive | undefined> {
  if (!anchors.archive) return undefined
  const first = await database.withTenant(tenantId, readFirst)
  const read = await verifyArchive(database, tenantId, anchors, anchors.archive, first)
  assertWhole('archive', read.archive.problem)
  return read
}

function assertWhole(what: string, problem: { seq: number } | null): void {
  if (!problem) return
  const message = `The ${what} is not as it was at entry ${problem.seq}, so nothing is removed of the chain.`
  throw new FreeholdError('conflict', message)
}

/** The entries before the first that isn't older than `before`, up to one; `last` is before `first` when there are none. */
async function findOld(tx: Tx, before: string, most: number): Promise<{ first: number; last: number }> {
  const first = await readFirst(tx)
  const kept = await tx
    .selectFrom('audit_entries')
    .select((eb) => eb.fn.min('seq').as('seq'))
    .where('at', '>=', new Date(before))
    .executeTakeFirst()
  return { first, last: Math.max(first - 1, Math.min(most, (kept?.seq ?? most + 1) - 1)) }
}

async function readFirst(tx: Tx): Promise<number> {
  const first = await tx.selectFrom('audit_entries').select('seq').orderBy('seq').limit(1).executeTakeFirst()
  return first?.seq ?? 1
}

async function readHash(tx: Tx, seq: number): Promise<string> {
  const entry = tx.selectFrom('audit_entries').select('hash').where('seq', '=', seq)
  return (await entry.executeTakeFirstOrThrow()).hash
}
