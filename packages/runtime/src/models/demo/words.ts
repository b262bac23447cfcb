/** Words of a message, a name or a description, in a form in which they can be compared. */
export function wordsOf(text: string): string[] {
  const separated = text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return (separated.match(/[\p{L}\p{N}]+/gu) ?? []).map(stem)
}

/** Takes off the commonest English endings; both sides are stemmed, so the result need not be a word. */
function stem(word: string): string {
  if (word.length > 5) return word.replace(/(ing|ies|ed|es|s|y|e)$/, '')
  if (word.length > 3) return word.replace(/(s|e)$/, '')
  return word
}

const stopwords = new Set(
  wordsOf(
    'a an and are as at be by can could do does for from get give has have how i in is it its me my of on or our ' +
      'please so that the their them then there this to us use using want was we what when where which who will ' +
      'with would you your tool given when returns return one any',
  ),
)

export function contentWordsOf(text: string): Set<string> {
  return new Set(wordsOf(text).filter((word) => !stopwords.has(word)))
}

/** Replaces a span with spaces of the same length, so that no later reader takes it again. */
export function blank(text: string, start: number, length: number): string {
  return text.slice(0, start) + ' '.repeat(length) + text.slice(start + length)
}

/** At a word's end where there is one, with an ellipsis. */
export function shorten(text: string, limit: number): string {
  const oneLine = text.replace(/\s+/g, ' ').trim()
  if (oneLine.length <= limit) return oneLine
  const cut = oneLine.slice(0, limit)
  const space = cut.lastIndexOf(' ')
  return `${space > limit / 2 ? cut.slice(0, space) : cut}…`
}

/** The first balanced JSON object or array, if it is among the first braces and brackets. */
export function findJson(text: string): { value: unknown; start: number; length: number } | undefined {
  for (const { index: start } of [...text.matchAll(/[{[]/g)].slice(0, 30)) {
    const length = balancedLength(text, start)
    if (length === 0) continue
    try {
      return { value: JSON.parse(text.slice(start, start + length)), start, length }
    } catch {
      // Braces in prose; look further on.
    }
  }
  return undefined
}

function balancedLength(text: string, start: number): number {
  let depth = 0
  // A whole string at a time, so that braces inside one don't count.
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]]/gs
  tokens.lastIndex = start
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    if (token[0] === '{' || token[0] === '[') depth++
    else if (token[0] === '}' || token[0] === ']') depth--
    if (depth === 0) return tokens.lastIndex - start
  }
  return 0
}
