import type { AuditAnchor, AuditEntry } from '@freehold/contracts'
import { hashEntry, startOfChain } from './hash-entry.ts'

/** How far a chain has come. */
export interface Head {
  seq: number
  hash: string
}

/** Why an entry is not what follows in its chain, and was anchored; undefined when it is. */
export function findFlaw(
  entry: AuditEntry,
  previous: Head | null,
  anchors: readonly AuditAnchor[] = [],
): string | undefined {
  const expected = (previous?.seq ?? 0) + 1
  if (entry.seq !== expected) return `The entry was removed: the next one that is there has the number ${entry.seq}.`
  if (entry.previousHash !== (previous?.hash ?? startOfChain)) {
    return 'The entry does not follow from the one before it: one of the two was replaced.'
  }
  if (hashEntry(entry) !== entry.hash) return 'The entry was edited: its content does not have its hash.'
  const contradicted = anchors.find(({ hash }) => hash !== entry.hash)
  return contradicted && `The chain was rewritten here or before: the anchor of ${contradicted.at} has another hash.`
}
