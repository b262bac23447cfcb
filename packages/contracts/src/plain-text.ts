import { z } from 'zod'

// Unicode's controls and format characters would hide or reorder what stands beside them. Joiners only shape what they join.
const hidden = String.raw`(?![\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]`
const seenOnly = new RegExp(`^(?:(?!${hidden}).)*$`, 'su')
const everyHidden = new RegExp(hidden, 'gu')

/** A line that shows all that it holds: names that people give to things, and see beside others. */
export function plainText(maxLength: number) {
  return z.string().trim().min(1).max(maxLength).regex(seenOnly, 'holds a character that can not be seen')
}

/** A name that somebody else vouches for, as a line that shows all that it holds; null when nothing is left. */
export function toPlainText(text: string, maxLength: number): string | null {
  return [...text.replaceAll(everyHidden, '').trim()].slice(0, maxLength).join('') || null
}
