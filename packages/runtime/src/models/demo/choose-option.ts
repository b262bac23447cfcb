import { rolesIn } from './intent.ts'
import { contentWordsOf } from './words.ts'

/** The options of a prompt that asks for exactly one of them, else none. */
export function findOptions(system: string): string[] {
  for (const line of system.split('\n')) {
    if (line.length > 1_000) continue
    const [, listed] = /^\s*Options:(.+)$/i.exec(line) ?? []
    if (listed) return clean(listed.split('|'))
    const [, spoken] = /answer with (?:exactly |only )?one (?:word|option)[^:]*:(.+)/i.exec(line) ?? []
    if (spoken) return clean(spoken.split(/\||,|\bor\b/i))
  }
  return []
}

function clean(options: readonly string[]): string[] {
  return options.map((option) => option.replace(/^[\s"'`*]+|[\s"'`*.!]+$/g, '')).filter((option) => option !== '')
}

const aboutTools = /tool|calc|math|comput|action|act\b|lookup|fetch|http|web|search|time|research|delegate|call/i
const aboutTalk = /chat|direct|answer|general|talk|simple|respond|reply|none|other|final|done/i
const byRole = {
  math: /calc|math|arithmetic|number|comput/i,
  time: /time|date|clock/i,
  http: /http|fetch|web|url|request|page|api/i,
  delegate: /delegat|agent|research|hand/i,
  other: /$^/,
}

/** The option that fits the message best; the first of equals. */
export function chooseOption(options: readonly string[], system: string, message: string): string {
  const roles = rolesIn(message)
  const words = contentWordsOf(message)
  const scored = options.map((option) => {
    const about = describe(option, system)
    let score = [...contentWordsOf(about)].filter((word) => words.has(word)).length * 2
    for (const role of roles) if (byRole[role].test(about)) score += 5
    if (roles.size > 0 && aboutTools.test(about)) score += 3
    if (roles.size === 0 && aboutTalk.test(option)) score += 3
    return { option, score }
  })
  return scored.reduce((best, next) => (next.score > best.score ? next : best)).option
}

/** The option's name, and the line that explains it if the prompt has one: "- tools: needs a calculation". */
function describe(option: string, system: string): string {
  const line = system.split('\n').find((candidate) => {
    const start = candidate.replace(/^[\s\-*•"'`]+/, '').toLowerCase()
    return start.startsWith(option.toLowerCase()) && /^["'`]?\s*[:=–—-]/.test(start.slice(option.length))
  })
  return line ? `${option} ${line}` : option
}
