import { hkdfSync } from 'node:crypto'

/** What a client's key becomes: a name for its row, and a secret that is stored nowhere. */
export interface DerivedKey {
  lookup: Buffer
  secret: Buffer
}

/**
 * A result can hold an API key, which is stored nowhere else but as a hash. So it is encrypted under the client's own
 * Idempotency-Key (HKDF-SHA256, RFC 5869), of which we keep only the other half of the derivation: a copy of the
 * database opens no result whose key was random.
 */
export function deriveKey(clientKey: string, tenantId: string, operation: string): DerivedKey {
  const bytes = Buffer.from(hkdfSync('sha256', clientKey, tenantId, `freehold idempotency ${operation}`, 64))
  return { lookup: bytes.subarray(0, 32), secret: bytes.subarray(32) }
}
