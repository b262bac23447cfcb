import { createHash, randomBytes } from 'node:crypto'

const keyPattern = /^fh[to]_[A-Za-z0-9_-]{43}$/

/** A new key with 256 random bits: `fht_…` for a tenant, `fho_…` for the operator. */
export function generateKey(kind: 'tenant' | 'operator'): string {
  return `${kind === 'tenant' ? 'fht' : 'fho'}_${randomBytes(32).toString('base64url')}`
}

export function looksLikeKey(text: string): boolean {
  return keyPattern.test(text)
}

/** What is stored of a key. A fast hash is enough for 256 random bits. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

export function keyPrefix(key: string): string {
  return key.slice(0, 10)
}
