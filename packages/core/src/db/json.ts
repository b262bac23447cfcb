const unstorable = /\\u0000|\\ud[89a-f][0-9a-f]{2}/i

/**
 * JSON for a jsonb parameter. PostgreSQL stores neither NUL nor half a surrogate pair, and a tool or a model may
 * return both, so they become U+FFFD here rather than an error that would cost the run.
 */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value ?? null)
  return unstorable.test(text) ? JSON.stringify(clean(JSON.parse(text))) : text
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [cleanText(key), clean(entry)]))
}

/** Text that a column can hold. */
export function cleanText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed()
}
