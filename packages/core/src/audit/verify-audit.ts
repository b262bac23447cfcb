import type { AuditAnchor, AuditEntry, AuditVerification } from '@freehold/contracts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { type Anchors, newestOf, readAnchors } from './anchors.ts'
import { hashEntry, startOfChain } from './hash-entry.ts'
import { readChain } from './list-entries.ts'

const entriesAtOnce = 1_000

type Problem = NonNullable<AuditVerification['problem']>
interface Walked {
  head: { seq: number; hash: string } | null
  problem: Problem | null
}

/** Recomputes the chain of the caller's tenant, and compares it with the anchors that are kept outside of the database. */
export async function verifyAudit(caller: Caller, anchors: Anchors): Promise<AuditVerification> {
  authorize(caller, 'audit:read')
  // Before the entries, which may grow meanwhile.
  const { valid, foreign } = await readAnchors(anchors, caller.tenantId)
  const newest = newestOf(valid)
  const { head, problem } = await walk(caller, new Map(valid.map((anchor) => [anchor.seq, anchor])))
  const found = problem ?? findTruncation(head, newest) ?? findForeignAnchors(foreign, newest)
  return {
    ok: found === null,
    entries: head?.seq ?? 0,
    head,
    anchors: valid.length,
    anchoredSeq: newest?.seq ?? null,
    problem: found,
  }
}

async function walk(caller: TenantCaller, anchors: ReadonlyMap<number, AuditAnchor>): Promise<Walked> {
  const { database } = caller.platform
  let head: Walked['head'] = null
  for (;;) {
    const after: number = head?.seq ?? 0
    const entries = await database.withTenant(caller, (tx) => readChain(tx, after, entriesAtOnce))
    for (const entry of entries) {
      const reason = findFlaw(entry, head, anchors.get((head?.seq ?? 0) + 1))
      if (reason) return { head, problem: { seq: (head?.seq ?? 0) + 1, reason } }
      head = { seq: entry.seq, hash: entry.hash }
    }
    if (entries.length < entriesAtOnce) return { head, problem: null }
  }
}

function findFlaw(entry: AuditEntry, previous: Walked['head'], anchor: AuditAnchor | undefined): string | undefined {
  const expected = (previous?.seq ?? 0) + 1
  if (entry.seq !== expected) return `The entry was removed: the next one that is there has the number ${entry.seq}.`
  if (entry.previousHash !== (previous?.hash ?? startOfChain)) {
    return 'The entry does not follow from the one before it: one of the two was replaced.'
  }
  if (hashEntry(entry) !== entry.hash) return 'The entry was edited: its content does not have its hash.'
  if (anchor && anchor.hash !== entry.hash) {
    return `The chain was rewritten here or before: the anchor of ${anchor.at} has another hash.`
  }
  return undefined
}

function findTruncation(head: Walked['head'], newest: AuditAnchor | undefined): Problem | null {
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
