import type { AuditAnchor, AuditVerification } from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { type Anchors, newestOf, readAnchors } from './anchors.ts'
import { findStart } from './checkpoints.ts'
import { findFlaw, type Head } from './find-flaw.ts'
import { readChain } from './list-entries.ts'
import { verifyArchive } from './verify-archive.ts'

const entriesAtOnce = 1_000

type Problem = NonNullable<AuditVerification['problem']>
interface Walked {
  head: Head | null
  problem: Problem | null
}

type VerifiedChain = Omit<AuditVerification, 'archive'>

/**
 * Recomputes the chain of the caller's tenant, and compares it with what is kept outside of the database: the anchors and,
 * if that is wished, the archive.
 */
export async function verifyAudit(
  caller: Caller,
  { archive: withArchive }: { archive: boolean },
  anchors: Anchors,
): Promise<AuditVerification> {
  authorize(caller, 'audit:read')
  const { database } = caller.platform
  const { tenantId } = caller
  // Before the chain, which may grow meanwhile.
  const archived =
    withArchive && anchors.archive
      ? await verifyArchive(database, tenantId, anchors, anchors.archive)
      : { anchors: [], archive: null }
  const chain = await verifyChain(database, tenantId, anchors, archived.anchors)
  return { ...chain, ok: chain.ok && !archived.archive?.problem, archive: archived.archive }
}

/** `archived` are anchors from elsewhere that the chain has to keep to as well. */
export async function verifyChain(
  database: Database,
  tenantId: string,
  anchors: Anchors,
  archived: readonly AuditAnchor[] = [],
): Promise<VerifiedChain> {
  // Before the entries, which may grow meanwhile.
  const { valid, foreign } = await readAnchors(anchors, tenantId)
  const known = [...valid, ...archived]
  const newest = newestOf(known)
  const start = await database.withTenant(tenantId, (tx) => findStart(tx, anchors, tenantId))
  const bySeq = Map.groupBy(known, ({ seq }) => seq)
  const { head, problem } = await walk(database, tenantId, bySeq, start)
  const found = problem ?? findTruncation(head, newest) ?? findForeignAnchors(foreign, newest)
  return {
    ok: found === null,
    entries: (head?.seq ?? 0) - (start?.seq ?? 0),
    prunedSeq: start?.seq ?? null,
    head,
    anchors: valid.length,
    anchoredSeq: newest?.seq ?? null,
    problem: found,
  }
}

async function walk(
  database: Database,
  tenantId: string,
  anchors: ReadonlyMap<number, readonly AuditAnchor[]>,
  start: Head | null,
): Promise<Walked> {
  let head = start
  for (;;) {
    const after: number = head?.seq ?? 0
    const entries = await database.withTenant(tenantId, (tx) => readChain(tx, after, entriesAtOnce))
    for (const entry of entries) {
      const reason = findFlaw(entry, head, anchors.get((head?.seq ?? 0) + 1))
      if (reason) return { head, problem: { seq: (head?.seq ?? 0) + 1, reason } }
      head = { seq: entry.seq, hash: entry.hash }
    }
    if (entries.length < entriesAtOnce) return { head, problem: null }
  }
}

function findTruncation(head: Head | null, newest: AuditAnchor | undefined): Problem | null {
  const seq = (head?.seq ?? 0) + 1
  if (!newest || newest.seq < seq) return null
  return {
    seq,
    reason: `The newest entries were removed: the anchor of ${newest.at} says that there were ${newest.seq}.`,
  }
}

function findForeignAnchors(foreign: number, newest: AuditAnchor | undefined): Problem | null {
  if (foreign === 0) return null
  const reason = `The chain is whole, but ${foreign} of its anchors were not signed by this installation's key, or were changed.`
  return { seq: (newest?.seq ?? 0) + 1, reason }
}
