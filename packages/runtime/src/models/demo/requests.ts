import { findJson } from './words.ts'

export interface HttpRequest {
  method: string
  url: string
  body: { text: string; value: unknown } | undefined
}

const urlPattern = /https?:\/\/[^\s"'<>`{}|\\^]+/gi
const verbs: readonly (readonly [RegExp, string])[] = [
  [/\b(?:post|submit|send)\b/i, 'POST'],
  [/\bput\b/i, 'PUT'],
  [/\bpatch\b/i, 'PATCH'],
  [/\bdelete\b/i, 'DELETE'],
  [/\bHEAD\b/, 'HEAD'],
  [/\b(?:get|fetch|call|open|read|load|download|check|visit)\b/i, 'GET'],
]

/** The HTTP requests that a message asks for: one per URL, with the verb and the JSON that stand by it. */
export function findHttpRequests(message: string): HttpRequest[] {
  const urls = [...message.matchAll(urlPattern)].map((match) => ({ url: trimUrl(match[0]), at: match.index }))
  let method = 'GET'
  return urls.map(({ url, at }, index) => {
    const previous = urls[index - 1]
    const before = message.slice(previous ? previous.at + previous.url.length : 0, at)
    const after = message.slice(at + url.length, urls[index + 1]?.at)
    // "POST {…} to a and b": a URL without a verb of its own takes the one before it.
    method = lastVerb(before) ?? method
    const isLast = index === urls.length - 1
    return { method, url, body: method === 'GET' || method === 'HEAD' ? undefined : findBody(before, after, isLast) }
  })
}

function trimUrl(url: string): string {
  const trimmed = url.replace(/[.,;:!?*_\]]+$/, '')
  return trimmed.endsWith(')') && !trimmed.includes('(') ? trimUrl(trimmed.slice(0, -1)) : trimmed
}

function lastVerb(text: string): string | undefined {
  const withoutJson = text.replace(/\{[\s\S]*\}/, ' ')
  const found = verbs.map(([pattern, method]) => ({ method, at: lastIndexOf(withoutJson, pattern) }))
  return found.filter(({ at }) => at >= 0).sort((a, b) => b.at - a.at)[0]?.method
}

function lastIndexOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(new RegExp(pattern.source, `${pattern.flags}g`))].at(-1)?.index ?? -1
}

function findBody(before: string, after: string, isLast: boolean): HttpRequest['body'] {
  const follows = isLast || /^\s*,?\s*(?:with|body|and (?:the )?body)/i.test(after)
  for (const text of follows ? [before, after] : [before]) {
    const json = findJson(text)
    if (json) return { text: text.slice(json.start, json.start + json.length), value: json.value }
    const [, quoted] = /"([^"]+)"|'([^']+)'/.exec(text) ?? []
    if (quoted) return { text: quoted, value: quoted }
  }
  return undefined
}

export interface Delegation {
  agent: string
  message: string
  start: number
  length: number
}

const nextOrder = String.raw`(?=\s*(?:[;.]|,?\s+and|,?\s+then)\s+(?:also\s+)?(?:ask|tell|delegate)\s|$)`
const agent = String.raw`(?:the\s+)?([\w-]+)(?:\s+agent)?`
const delegations = [
  new RegExp(String.raw`\bdelegate\s+(?:this\s+)?to\s+${agent}\s*[:,-]?\s+([\s\S]+?)${nextOrder}`, 'gi'),
  new RegExp(String.raw`\bdelegate\s+([\s\S]+?)\s+to\s+${agent}[.!]?\s*$`, 'gi'),
  new RegExp(
    String.raw`\b(?:ask\s+${agent}(?:\s+to|\s*:)?|tell\s+${agent}(?:\s+to|\s*:))\s+([\s\S]+?)${nextOrder}`,
    'gi',
  ),
]
const notAgents =
  /^(?:me|you|us|them|him|her|it|a|an|your|my|for|about|to|if|whether|what|how|why|this|that|questions?)$/i

/** "Ask researcher to summarise X": who is asked, and what. */
export function findDelegations(message: string): Delegation[] {
  for (const [index, pattern] of delegations.entries()) {
    const found: Delegation[] = []
    for (const match of message.matchAll(pattern)) {
      const [first = '', second = ''] = match.slice(1).filter((group) => group !== undefined)
      const [name, task] = index === 1 ? [second, first] : [first, second]
      if (notAgents.test(name) || name.length > 63) continue
      found.push({ agent: name, message: task.trim().replace(/\.$/, ''), start: match.index, length: match[0].length })
    }
    if (found.length > 0) return found
  }
  return []
}
