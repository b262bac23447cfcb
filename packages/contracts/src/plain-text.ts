import { z } from 'zod'

// Unicode's controls, format characters and what else shows nothing would hide or reorder what stands beside it. After a
// character that is seen, joiners and variation selectors only shape it.
const seen = String.raw`[^\p{C}\p{Zl}\p{Zp}\p{DI}\u2800][\u200c\u200d\ufe0f]{0,3}`
const seenOnly = new RegExp(`^(?:${seen})*$`, 'u')
const eachSeen = new RegExp(seen, 'gu')

/** A line that shows all that it holds: names that people give to things, and see beside others. */
export function plainText(maxLength: number) {
  return z.string().trim().min(1).max(maxLength).regex(seenOnly, 'holds a character that can not be seen')
}

/** A name that somebody else vouches for, as a line that shows all that it holds; null when nothing is left. */
export function toPlainText(text: string, maxLength: number): string | null {
  const shown = text.replaceAll(/\s+/g, ' ').trim().match(eachSeen) ?? []
  return shown.slice(0, maxLength).join('').trim() || null
}
