/** Those that have a browser show text in another order than it is in: what a person approves must be what they read. */
const reordering = /[\u202a-\u202e\u2066-\u2069]/g

/** A value as a person reads it; a text without quotes. */
export function readableJson(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'nothing')
  return text.replace(reordering, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
}
