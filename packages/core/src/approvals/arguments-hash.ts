import { createHash } from 'node:crypto'
import { encodeJson } from '../db/json.ts'

/** A value as the database holds it, which is what people are shown, what they decide on, and what is then done. */
export function storable(value: unknown): unknown {
  return JSON.parse(encodeJson(value))
}

/** SHA-256, in hex, of the canonical JSON (RFC 8785) of a storable value: equal values have equal hashes. */
export function hashArguments(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

/** RFC 8785 takes its numbers and strings from ECMAScript, and sorts keys by UTF-16 units, as `sort` does. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`
}
