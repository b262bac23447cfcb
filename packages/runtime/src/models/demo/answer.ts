import type { ToolCall } from '@freehold/contracts'
import type { ChatMessage, ToolOffer } from '../model.ts'
import { nameExpression } from './arithmetic.ts'
import type { Intent } from './intent.ts'
import { agentField, asRecord, expressionField, fieldsOf, roleOf, urlField } from './schema.ts'
import { shorten } from './words.ts'

export const demoLabel =
  '(demo model: set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY or MISTRAL_API_KEY for a real one)'

type ToolResult = Extract<ChatMessage, { role: 'tool' }>

/** One sentence or block for each call of the turn, in the order in which they were made. */
export function answerFromResults(
  calls: readonly ToolCall[],
  results: readonly ToolResult[],
  tools: readonly ToolOffer[],
): string {
  const byId = new Map(results.map((result) => [result.toolCallId, result]))
  const strays = results.filter((result) => !calls.some((call) => call.id === result.toolCallId))
  const sentences = calls.map((call) => sentence(call, byId.get(call.id), tools))
  for (const stray of strays) {
    sentences.push(sentence({ id: stray.toolCallId, name: stray.name, input: {} }, stray, tools))
  }
  return sentences.join('\n')
}

function sentence(call: ToolCall, result: ToolResult | undefined, tools: readonly ToolOffer[]): string {
  if (!result) return `${call.name} gave no result, so I can't answer that part.`
  if (result.failed) return `${call.name} failed: ${endSentence(summarize(result.output, 300))}`
  const tool = tools.find(({ name }) => name === call.name)
  const role = tool ? roleOf(tool) : 'other'
  const fields = fieldsOf(tool?.inputSchema ?? {})
  const input = asRecord(call.input)
  if (role === 'math')
    return mathSentence(String(input[(expressionField(fields) ?? fields[0])?.name ?? ''] ?? ''), result)
  if (role === 'time') return timeSentence(Object.values(input)[0], result)
  if (role === 'http') return httpSentence(input, String(input[urlField(fields)?.name ?? ''] ?? call.name), result)
  if (role === 'delegate') return delegateSentence(String(input[agentField(fields)?.name ?? ''] ?? call.name), result)
  return `${call.name}: ${summarize(result.output, 800)}`
}

function mathSentence(expression: string, result: ToolResult): string {
  const { text, verb } = nameExpression(expression)
  return `${text} ${verb} ${pick(result.output, ['result', 'value', 'answer', 'output'])}.`
}

function timeSentence(zone: unknown, result: ToolResult): string {
  const time = pick(result.output, ['local', 'localTime', 'formatted', 'time', 'iso', 'now', 'datetime', 'dateTime'])
  const place = typeof zone === 'string' ? ` in ${zone.replaceAll('_', ' ')}` : ''
  return `The time${place} is ${endSentence(time)}`
}

function httpSentence(input: Record<string, unknown>, url: string, result: ToolResult): string {
  const output = asRecord(result.output)
  const method = typeof input.method === 'string' ? input.method.toUpperCase() : 'GET'
  const status = output.status ?? output.statusCode
  const body =
    output.body ?? output.text ?? output.content ?? output.data ?? (status === undefined ? result.output : '')
  const said = status === undefined ? 'answered' : `answered ${String(status)}`
  const text = summarize(body, 600)
  return text === '' ? `${method} ${url} ${said} with no body.` : `${method} ${url} ${said}: ${text}`
}

function delegateSentence(agent: string, result: ToolResult): string {
  const { status, output } = asRecord(result.output)
  const text = pick(output ?? result.output, ['output', 'answer', 'text', 'result', 'message'])
  if (status === 'failed' || status === 'cancelled') return `${agent} gave no answer: its run ${status}.`
  return `${agent} answered: ${text}`
}

/** The first of the named fields that is there, else the whole output. */
function pick(output: unknown, names: readonly string[]): string {
  const record = asRecord(output)
  const name = names.find((candidate) => record[candidate] !== undefined && record[candidate] !== null)
  return summarize(name === undefined ? output : record[name], 2_000)
}

function summarize(value: unknown, limit: number): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return shorten(value.replaceAll(demoLabel, ''), limit)
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value)
  const isFlat = !Array.isArray(value) && entries.every(([, part]) => typeof part !== 'object' || part === null)
  if (isFlat && entries.length <= 8) {
    return shorten(entries.map(([key, part]) => `${key} ${String(part)}`).join(', '), limit)
  }
  return shorten(JSON.stringify(value), limit)
}

function endSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

export function answerUnfilled(unfilled: Intent['unfilled']): string {
  return unfilled
    .map(({ tool, missing }) => {
      const example = missing.map((name) => `${name}: …`).join(', ')
      return `To use ${tool.name} I still need ${joinNames(missing)}. Write it as "${example}".`
    })
    .join('\n')
}

/** An answer where no tool fits. */
export function answerWithoutTools(message: string, tools: readonly ToolOffer[]): string {
  const greeting = /^\s*(hi|hello|hey|good (morning|afternoon|evening)|moin|hallo)\b/i.test(message) ? 'Hello! ' : ''
  const thanks = /\b(thanks|thank you|thx)\b/i.test(message) ? "You're welcome. " : ''
  if (tools.length === 0) {
    const heard = message.trim() === '' ? '' : `You wrote "${shorten(message, 200)}". `
    return `${greeting}${thanks}${heard}I follow a script and have no tools here, so I can only acknowledge it.`
  }
  const offers = tools
    .slice(0, 12)
    .map((tool) => `- ${tool.name}: ${shorten(tool.description, 120) || 'no description'}`)
  const more = tools.length > offers.length ? `\n- and ${tools.length - offers.length} more` : ''
  const hints = examples(tools)
  return (
    `${greeting}${thanks}I follow a script, so I can't talk freely, but I can use this agent's tools:\n` +
    `${offers.join('\n')}${more}${hints === '' ? '' : `\nTry ${hints}.`}`
  )
}

const exampleByRole = {
  math: '"What is 17% of 2340?"',
  time: '"What time is it in Tokyo?"',
  http: '"Fetch https://example.com"',
  delegate: '"Ask <agent> to <do something>"',
  other: '',
}

function examples(tools: readonly ToolOffer[]): string {
  const found = tools.map((tool) => exampleByRole[roleOf(tool)]).filter((example) => example !== '')
  return joinNames([...new Set(found)].slice(0, 3), 'or')
}

function joinNames(names: readonly string[], conjunction = 'and'): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} ${conjunction} ${names.at(-1)}`
}
