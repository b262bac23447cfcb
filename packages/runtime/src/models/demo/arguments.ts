import { asRecord, type FieldSchema, fieldsOf } from './schema.ts'
import { contentWordsOf, findJson, wordsOf } from './words.ts'

export interface FilledArguments {
  input: Record<string, unknown>
  /** Names of required arguments that the message doesn't give. */
  missing: string[]
}

/** What a message offers to fill arguments with; values are taken once. */
interface Source {
  text: string
  quoted: string[]
  numbers: { value: number; at: number }[]
}

/** Fills a tool's arguments from a message, as far as they stand in it. */
export function fillArguments(schema: Record<string, unknown>, message: string, trigger: string): FilledArguments {
  const fields = fieldsOf(schema)
  const source = toSource(message)
  const json = findJson(message)?.value
  const input = fromWholeInput(fields, json)
  // Explicitly named values first, so that a guess for one field can't take what was meant for another.
  for (const field of fields) {
    input[field.name] ??= fromKey(field, source) ?? fromOptions(field, message) ?? fromFormat(field, message)
  }
  const unfilled = fields.filter((field) => field.required && input[field.name] === undefined)
  for (const field of unfilled) {
    // One free text can be the rest of the message; for two, nothing tells which part is which.
    const rest = unfilled.length === 1 ? restOfMessage(message, trigger) : undefined
    input[field.name] = guess(field, source, rest) ?? fromJson(field, json)
  }
  const filled = Object.entries(input).filter(([, value]) => value !== undefined)
  const missing = fields.filter((field) => field.required && input[field.name] === undefined)
  return { input: Object.fromEntries(filled), missing: missing.map((field) => field.name) }
}

/** A JSON object all of whose keys are arguments is the input itself. */
function fromWholeInput(fields: readonly FieldSchema[], json: unknown): Record<string, unknown> {
  const given = asRecord(json)
  const fits = Object.keys(given).every((key) => fields.some((field) => field.name === key))
  // Without a prototype, so that an argument named `constructor` is not taken for filled.
  return Object.assign(Object.create(null), fits ? given : {})
}

function toSource(text: string): Source {
  const quoted = [...text.matchAll(/"([^"]*)"|“([^”]*)”|(?<![\p{L}\p{N}])'([^']*)'(?![\p{L}\p{N}])/gu)]
  const withoutQuotes = text.replace(/"[^"]*"|“[^”]*”|https?:\/\/\S+|\S+@\S+/g, (found) => ' '.repeat(found.length))
  const numbers = [...withoutQuotes.matchAll(/(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])/g)]
  return {
    text,
    quoted: quoted.map((match) => match[1] ?? match[2] ?? match[3] ?? ''),
    numbers: numbers.map((match) => ({ value: Number(match[0]), at: match.index })),
  }
}

/** `key=value`, `key: value`, and `key "value"` or `key 5`, with the key written in any of its usual forms. */
function fromKey(field: FieldSchema, source: Source): unknown {
  const key = field.name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
    .join('[ _-]?')
  if (key === '') return undefined
  const quotedValue = `"([^"]*)"|“([^”]*)”|'([^']*)'`
  const explicit = new RegExp(String.raw`(?<![\w-])["']?${key}["']?\s*[=:]\s*(?:${quotedValue}|([^\s,;]+))`, 'i')
  const loose = new RegExp(
    String.raw`(?<![\w-])${key}\s+(?:is\s+|of\s+|named\s+|called\s+)?(?:${quotedValue}|#?(-?\d[\w.-]*))`,
    'i',
  )
  const match = explicit.exec(source.text) ?? loose.exec(source.text)
  const groups = match?.slice(1) ?? []
  const quoted = groups.slice(0, 3).find((group) => group !== undefined)
  const raw = quoted ?? groups[3]?.replace(/[.!?]+$/, '')
  if (raw === undefined) return undefined
  const value = convert(field, raw)
  if (value !== undefined) takeText(source, raw)
  return value
}

function fromOptions(field: FieldSchema, message: string): unknown {
  const words = ` ${wordsOf(message).join(' ')} `
  return field.options.find((option) => {
    const phrase = wordsOf(String(option)).join(' ')
    return phrase !== '' && words.includes(` ${phrase} `)
  })
}

function fromFormat(field: FieldSchema, message: string): unknown {
  if (field.options.length > 0 || (field.type !== 'string' && field.type !== 'any')) return undefined
  const about = `${field.name} ${field.format}`
  if (/e-?mail/i.test(about) || (/^(to|recipient|from|cc)$/i.test(field.name) && message.includes('@'))) {
    return /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/.exec(message)?.[0]
  }
  if (/ur[il]|link|endpoint|website/i.test(about)) return /https?:\/\/[^\s"'<>]*[^\s"'<>.,;:!?)\]]/.exec(message)?.[0]
  if (/date|day|^(since|until|from|to)$/i.test(about)) return /\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?/.exec(message)?.[0]
  return undefined
}

function guess(field: FieldSchema, source: Source, rest: string | undefined): unknown {
  if (field.options.length === 1) return field.options[0]
  if (field.options.length > 1) return undefined
  if (field.type === 'number' || field.type === 'integer') return takeNumber(field, source)
  if (field.type === 'boolean') return fromMention(field, source.text)
  if (field.type === 'array') return guessList(field, source)
  if (field.type === 'string' || field.type === 'any') return guessString(field, source, rest)
  return undefined
}

function takeNumber(field: FieldSchema, source: Source): number | undefined {
  const index = source.numbers.findIndex(({ value }) => field.type === 'number' || Number.isInteger(value))
  return index < 0 ? undefined : source.numbers.splice(index, 1)[0]?.value
}

function fromMention(field: FieldSchema, text: string): boolean | undefined {
  const message = wordsOf(text)
  const words = wordsOf(field.name)
  const at = message.findIndex((_, start) => words.every((word, offset) => message[start + offset] === word))
  if (at < 0) return undefined
  return !['no', 'not', 'without', 'never'].includes(message[at - 1] ?? '')
}

function guessList(field: FieldSchema, source: Source): unknown[] | undefined {
  const item = asRecord(field.raw.items)
  const isNumber = item.type === 'number' || item.type === 'integer'
  const values: unknown[] = isNumber ? source.numbers.splice(0).map(({ value }) => value) : source.quoted.splice(0)
  return values.length > 0 ? values : undefined
}

const freeText =
  /query|search|^q$|text|message|content|prompt|question|topic|input|title|note|body|keyword|subject|term/i
const place = /city|location|place|country|region/i

function guessString(field: FieldSchema, source: Source, rest: string | undefined): string | undefined {
  const quoted = source.quoted.shift()
  if (quoted !== undefined) return quoted
  if (/(^|_)id$|Id$|number|code|key|ref/.test(field.name)) {
    return /(?<![\w-])(?:[A-Za-z]{1,10}[-_]?\d[\w-]*|#?\d[\w-]*)/.exec(source.text)?.[0]?.replace(/^#/, '')
  }
  if (place.test(field.name))
    return /\b(?:in|for|at|to)\s+(\p{Lu}[\p{L}-]*(?:\s\p{Lu}[\p{L}-]*)*)/u.exec(source.text)?.[1]
  return freeText.test(field.name) ? rest : undefined
}

/** "Search the docs for cats" is about "cats" once what named the tool is taken off the front. */
function restOfMessage(text: string, trigger: string): string | undefined {
  const [, about] = /\b(?:for|about|on|that says|saying|:)\s+([\s\S]+)$/i.exec(text) ?? []
  if (about) return about.trim().replace(/[.?!]+$/, '') || undefined
  const used = contentWordsOf(trigger)
  const words = text
    .replace(/https?:\/\/\S+|\S+@\S+/g, '')
    .trim()
    .split(/\s+/)
  while (words[0] !== undefined && !isContent(words[0], used)) words.shift()
  return words.join(' ').replace(/[.?!]+$/, '') || undefined
}

function isContent(word: string, used: ReadonlySet<string>): boolean {
  const content = [...contentWordsOf(word)]
  return content.length > 0 && !content.some((part) => used.has(part))
}

function fromJson(field: FieldSchema, value: unknown): unknown {
  const fits = field.type === 'object' ? !Array.isArray(value) : field.type === 'array' ? Array.isArray(value) : false
  return fits ? value : undefined
}

function convert(field: FieldSchema, raw: string): unknown {
  if (field.options.length > 0)
    return field.options.find((option) => String(option).toLowerCase() === raw.toLowerCase())
  if (field.type === 'number' || field.type === 'integer') {
    const value = Number(raw.replace(/^#/, ''))
    return Number.isFinite(value) && (field.type === 'number' || Number.isInteger(value)) ? value : undefined
  }
  if (field.type === 'boolean')
    return /^(true|yes|on)$/i.test(raw) ? true : /^(false|no|off)$/i.test(raw) ? false : undefined
  if (field.type === 'array') return raw.split(/\s*[,|]\s*/)
  return field.type === 'object' ? undefined : raw
}

function takeText(source: Source, raw: string): void {
  const quoted = source.quoted.indexOf(raw)
  if (quoted >= 0) source.quoted.splice(quoted, 1)
  const number = source.numbers.findIndex(({ value }) => String(value) === raw)
  if (number >= 0) source.numbers.splice(number, 1)
}
