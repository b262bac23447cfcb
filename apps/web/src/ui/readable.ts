/** Those that have a browser show text in another order than it is in. */
const reordering = /[\u202a-\u202e\u2066-\u2069]/g
/** Those, and all others that nobody sees. */
const unseen = /(?![\u200c\u200d])\p{Cf}/gu

const code = (character: string) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`

/** Text of others in the order that it is in. */
export function readable(text: string): string {
  return text.replace(reordering, code)
}

/** A value as a person reads it, a text without quotes: what a person approves must be what they read. */
export function readableJson(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'nothing')
  return text.replace(unseen, code)
}
