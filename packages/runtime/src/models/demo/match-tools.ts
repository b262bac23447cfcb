import type { ToolOffer } from '../model.ts'
import { fillArguments } from './arguments.ts'
import { contentWordsOf, wordsOf } from './words.ts'

/** Verbs of reading: a person often leaves them out, and leaving them out does no harm. */
const readingVerbs = new Set(
  wordsOf('get fetch show find lookup look up list read view retrieve search query check run'),
)

interface Match {
  tool: ToolOffer
  nameWords: string[]
  named: boolean
  score: number
}

/**
 * The tools that a message asks for by the words of their names and descriptions. A tool whose name isn't all there is
 * taken only when what is left out is a verb of reading and its arguments are there: no acting on a guess.
 */
export function matchTools(message: string, tools: readonly ToolOffer[]): ToolOffer[] {
  const words = new Set(wordsOf(message))
  const matches = tools.map((tool) => match(tool, words)).filter((found) => found.score > 0)
  const named = matches.filter((found) => found.named).sort((a, b) => b.nameWords.length - a.nameWords.length)
  if (named.length > 0) return withoutWeaker(named)
  const best = matches.filter((found) => isLikely(found, words, message)).sort((a, b) => b.score - a.score)[0]
  return best ? [best.tool] : []
}

function match(tool: ToolOffer, words: ReadonlySet<string>): Match {
  const nameWords = wordsOf(tool.name)
  const described = [...contentWordsOf(tool.description)].filter((word) => words.has(word))
  const found = nameWords.filter((word) => words.has(word))
  return {
    tool,
    nameWords,
    named: nameWords.length > 0 && found.length === nameWords.length,
    score: found.length * 3 + described.length,
  }
}

/** "cancel order" also has the word of `order`; the longer name is what was meant. */
function withoutWeaker(named: readonly Match[]): ToolOffer[] {
  const taken = new Set<string>()
  const kept: ToolOffer[] = []
  for (const { tool, nameWords } of named) {
    if (nameWords.every((word) => taken.has(word))) continue
    for (const word of nameWords) taken.add(word)
    kept.push(tool)
  }
  return kept
}

function isLikely(found: Match, words: ReadonlySet<string>, message: string): boolean {
  const unsaid = found.nameWords.filter((word) => !words.has(word))
  const said = found.nameWords.length - unsaid.length
  const harmless = unsaid.every((word) => readingVerbs.has(word))
  const byName = said > 0 && said * 2 >= found.nameWords.length && harmless
  const byDescription = found.score - said * 3 >= 3 && harmless
  if (!byName && !byDescription) return false
  return (
    fillArguments(found.tool.inputSchema, message, `${found.tool.name} ${found.tool.description}`).missing.length === 0
  )
}
