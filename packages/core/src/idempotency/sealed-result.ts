import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

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

/** AES-256-GCM, bound to `context`: nonce, tag, ciphertext. */
export function seal(secret: Buffer, context: Buffer, value: unknown): Buffer {
  const nonce = randomBytes(nonceBytes)
  const sealing = createCipheriv(cipher, secret, nonce).setAAD(context)
  const text = Buffer.concat([sealing.update(JSON.stringify(value), 'utf8'), sealing.final()])
  return Buffer.concat([nonce, sealing.getAuthTag(), text])
}

export function unseal(secret: Buffer, context: Buffer, sealed: Buffer): unknown {
  const tag = sealed.subarray(nonceBytes, nonceBytes + tagBytes)
  const opening = createDecipheriv(cipher, secret, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  opening.setAAD(context).setAuthTag(tag)
  const text = Buffer.concat([opening.update(sealed.subarray(nonceBytes + tagBytes)), opening.final()])
  return JSON.parse(text.toString('utf8'))
}
