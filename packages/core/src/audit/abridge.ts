import { createHash } from 'node:crypto'
import { cleanText } from '../db/json.ts'

const longest = 1_000
const kept = 200

/** A value with every long text cut to its beginning and its SHA-256, by which the whole of it can be recognised. */
export function abridge(value: unknown): unknown {
  if (typeof value === 'string') return value.length > longest ? abridgeText(value) : value
  if (Array.isArray(value)) return value.map(abridge)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, abridge(entry)]))
}

function abridgeText(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex')
  // The cut may go through a letter that takes two places.
  return `${cleanText(text.slice(0, kept))}… [${text.length} characters, SHA-256 ${digest}]`
}
