import { createHash } from 'node:crypto'
import type { AuditEntry } from '@freehold/contracts'
import { canonicalJson } from '../canonical-json.ts'

/** What the first entry of a chain has in place of the hash of the one before it. */
export const startOfChain = '0'.repeat(64)

/** SHA-256, in hex, of the canonical JSON (RFC 8785) of all that an entry says, the hash of the one before it included. */
export function hashEntry({ hash: _, ...content }: Omit<AuditEntry, 'hash'> & { hash?: string }): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}
