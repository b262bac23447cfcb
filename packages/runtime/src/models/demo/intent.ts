import type { ToolOffer } from '../model.ts'
import { fillArguments } from './arguments.ts'
import { findExpressions } from './arithmetic.ts'
import { matchTools } from './match-tools.ts'
import { type Delegation, findDelegations, findHttpRequests, type HttpRequest } from './requests.ts'
import {
  agentField,
  expressionField,
  type FieldSchema,
  fieldsOf,
  messageField,
  roleOf,
  type ToolRole,
  urlField,
  zoneField,
} from './schema.ts'
import { findTimeZones } from './time-zones.ts'
import { blank, findJson } from './words.ts'

export interface Intent {
  calls: { tool: ToolOffer; input: unknown }[]
  /** Tools that fit, but whose required arguments the message doesn't give. */
  unfilled: { tool: ToolOffer; missing: string[] }[]
}

/** Longer messages are pasted material; the request stands at their start. The limits also bound the work on them. */
const readLimit = 4_000
/** A real model also makes only so many calls in one answer. */
const callLimit = 16

function readable(message: string): string {
  return message.slice(0, readLimit).replace(/(\s{4})\s+/g, '$1')
}

/** What a message asks of the offered tools. Each reader takes its part, so that no part is acted on twice. */
export function readIntent(fullMessage: string, tools: readonly ToolOffer[]): Intent {
  const byRole = (role: ToolRole) => tools.filter((tool) => roleOf(tool) === role)
  const intent: Intent = { calls: [], unfilled: [] }
  const message = addDelegations(intent, byRole('delegate'), readable(fullMessage))
  const named = matchTools(message, byRole('other'))
  // A tool that the message names, such as "subscribe https://…", takes its URLs as arguments.
  if (named.length === 0) addHttpRequests(intent, byRole('http'), message)
  addExpressions(intent, byRole('math'), message)
  addTimes(intent, byRole('time'), message)
  for (const tool of named) addFilled(intent, tool, message)
  if (intent.calls.length === 0 && intent.unfilled.length === 0) {
    const tool = tools.find(({ name }) => name.length > 2 && message.toLowerCase().includes(name.toLowerCase()))
    if (tool) addFilled(intent, tool, message)
  }
  return { ...intent, calls: intent.calls.slice(0, callLimit) }
}

/** What a message is about, whether or not a tool for it is offered. */
export function rolesIn(message: string): Set<ToolRole> {
  const text = readable(message)
  const roles = new Set<ToolRole>()
  if (findDelegations(text).length > 0) roles.add('delegate')
  if (findHttpRequests(text).length > 0) roles.add('http')
  if (findTimeZones(text) !== undefined) roles.add('time')
  if (findExpressions(text).length > 0) roles.add('math')
  return roles
}

/** Returns the message without what was handed on. */
function addDelegations(intent: Intent, tools: readonly ToolOffer[], message: string): string {
  const [tool] = tools
  let rest = message
  for (const delegation of tool ? findDelegations(message) : []) {
    const input = tool && toDelegateInput(tool, delegation)
    if (!input) continue
    intent.calls.push({ tool, input })
    rest = blank(rest, delegation.start, delegation.length)
  }
  return rest
}

function toDelegateInput(tool: ToolOffer, { agent, message }: Delegation): Record<string, unknown> | undefined {
  const fields = fieldsOf(tool.inputSchema)
  const agentArgument = agentField(fields)
  const messageArgument = messageField(fields)
  if (!agentArgument || !messageArgument) return undefined
  const name = agent.toLowerCase()
  const known = agentArgument.options.find((option) => String(option).toLowerCase() === name)
  if (agentArgument.options.length > 0 && known === undefined) return undefined
  return { [agentArgument.name]: known ?? name, [messageArgument.name]: message }
}

function addHttpRequests(intent: Intent, tools: readonly ToolOffer[], message: string): void {
  for (const request of findHttpRequests(message)) {
    for (const tool of tools) {
      const input = toHttpInput(fieldsOf(tool.inputSchema), request)
      if (!input) continue
      intent.calls.push({ tool, input })
      break
    }
  }
}

/** Undefined where the tool can't make this request. */
function toHttpInput(fields: readonly FieldSchema[], request: HttpRequest): Record<string, unknown> | undefined {
  const url = urlField(fields)
  if (!url) return undefined
  const input: Record<string, unknown> = {}
  const methodField = fields.find((field) => /^(method|verb)$/i.test(field.name))
  if (methodField) input[methodField.name] = toMethod(methodField, request.method)
  else if (request.method !== 'GET') return undefined
  if (methodField && input[methodField.name] === undefined) return undefined
  input[url.name] = request.url
  const body = fields.find((field) => /^(body|data|payload|json)$/i.test(field.name))
  if (body && request.body)
    input[body.name] = takesJson(body, request.body.value) ? request.body.value : request.body.text
  return input
}

function takesJson(field: FieldSchema, value: unknown): boolean {
  return field.accepts.length === 0 || field.accepts.includes(Array.isArray(value) ? 'array' : typeof value)
}

function toMethod(field: FieldSchema, method: string): unknown {
  if (field.options.length === 0) return method
  return field.options.find((option) => String(option).toUpperCase() === method)
}

function addTimes(intent: Intent, tools: readonly ToolOffer[], message: string): void {
  const [tool] = tools
  const zones = tool ? findTimeZones(message) : undefined
  if (!tool || !zones) return
  const field = zoneField(fieldsOf(tool.inputSchema))
  if (!field || (zones.length === 0 && !field.required)) {
    intent.calls.push({ tool, input: {} })
    return
  }
  for (const zone of zones.length > 0 ? zones : ['UTC']) intent.calls.push({ tool, input: { [field.name]: zone } })
}

function addExpressions(intent: Intent, tools: readonly ToolOffer[], message: string): void {
  const [tool] = tools
  if (!tool) return
  const fields = fieldsOf(tool.inputSchema)
  const field = expressionField(fields) ?? fields[0]
  if (!field) return
  for (const expression of findExpressions(withoutUrls(message))) {
    intent.calls.push({ tool, input: { [field.name]: expression } })
  }
}

function addFilled(intent: Intent, tool: ToolOffer, message: string): void {
  const { input, missing } = fillArguments(tool.inputSchema, message.trim(), `${tool.name} ${tool.description}`)
  if (missing.length > 0) intent.unfilled.push({ tool, missing })
  else intent.calls.push({ tool, input })
}

/** Without the JSON and the URLs that were arguments of requests. */
function withoutUrls(message: string): string {
  const json = findJson(message)
  const text = json ? blank(message, json.start, json.length) : message
  return text.replace(/https?:\/\/\S+/g, (found) => ' '.repeat(found.length))
}
