import { createHash } from 'node:crypto'
import { canonicalJson } from '../canonical-json.ts'
import { encodeJson } from '../db/json.ts'

/** A value as the database holds it, which is what people are shown, what they decide on, and what is then done. */
export function storable(value: unknown): unknown {
  return JSON.parse(encodeJson(value))
}

/** SHA-256, in hex, of the canonical JSON (RFC 8785) of a storable value: equal values have equal hashes. */
export function hashArguments(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
