import type { ToolOffer } from '../model.ts'

/** The little of JSON Schema that the demo model reads. */
export interface FieldSchema {
  name: string
  type: string
  /** All types that the field takes; empty when any will do. */
  accepts: readonly string[]
  required: boolean
  description: string
  format: string
  options: readonly unknown[]
  raw: Record<string, unknown>
}

export function fieldsOf(schema: Record<string, unknown>): FieldSchema[] {
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(asRecord(schema.properties)).map(([name, raw]) => toField(name, asRecord(raw), required))
}

function toField(name: string, raw: Record<string, unknown>, required: readonly unknown[]): FieldSchema {
  const schema = unwrap(raw)
  const options = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : []
  return {
    name,
    type: typeOf(schema, options),
    accepts: membersOf(raw).flatMap(({ type }) => (typeof type === 'string' ? [type] : [])),
    // A field with a default is filled in by the tool itself.
    required: required.includes(name) && !('default' in raw),
    description: typeof raw.description === 'string' ? raw.description : '',
    format: typeof schema.format === 'string' ? schema.format : '',
    options,
    raw: schema,
  }
}

/** `string | null` and the like stand for their first real member. */
function unwrap(raw: Record<string, unknown>): Record<string, unknown> {
  return membersOf(raw).find((member) => member.type !== 'null') ?? raw
}

function membersOf(raw: Record<string, unknown>): Record<string, unknown>[] {
  if (Array.isArray(raw.anyOf)) return raw.anyOf.map(asRecord)
  return Array.isArray(raw.oneOf) ? raw.oneOf.map(asRecord) : [raw]
}

function typeOf(schema: Record<string, unknown>, options: readonly unknown[]): string {
  const types: unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  const type = types.find((candidate) => typeof candidate === 'string' && candidate !== 'null')
  if (typeof type === 'string') return type
  return options.length > 0 ? typeof options[0] : 'any'
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

export type ToolRole = 'math' | 'time' | 'http' | 'delegate' | 'other'

/** What a tool is for, told from its name, its description and its arguments. */
export function roleOf(tool: ToolOffer): ToolRole {
  const fields = fieldsOf(tool.inputSchema)
  const about = `${tool.name} ${tool.description}`
  const onlyNeeds = (pattern: RegExp) => fields.every((field) => !field.required || pattern.test(field.name))
  if (agentField(fields) && messageField(fields) && /delegat|hand.?off|agent/i.test(about)) return 'delegate'
  const url = fields.find((field) => urlName.test(field.name))
  if (url && /http|fetch|request|url|web|page|download|browse|scrape|crawl/i.test(about) && onlyNeeds(httpNames)) {
    return 'http'
  }
  if (expressionField(fields) && onlyNeeds(expressionName)) return 'math'
  if (/calculat|arithmetic/i.test(about) && fields.length === 1 && fields[0]?.type === 'string') return 'math'
  if (/time|clock|date\b/i.test(tool.name) && onlyNeeds(zoneName)) return 'time'
  return 'other'
}

const urlName = /^(url|uri|href|endpoint|link)$/i
const httpNames = /^(url|uri|href|endpoint|link|method|verb|body|data|payload|headers)$/i
const zoneName = /time_?zone|^tz$|^zone$|location|city/i
const expressionName = /expr|formula|calculation/i
const agentName = /^(agent|agent_?name|to|target|assignee|worker)$/i
const messageName = /^(message|task|prompt|input|instructions?|request|question|text)$/i

export const urlField = (fields: readonly FieldSchema[]) => fields.find((field) => urlName.test(field.name))
export const zoneField = (fields: readonly FieldSchema[]) => fields.find((field) => zoneName.test(field.name))
export const agentField = (fields: readonly FieldSchema[]) => fields.find((field) => agentName.test(field.name))
export const messageField = (fields: readonly FieldSchema[]) => fields.find((field) => messageName.test(field.name))
export const expressionField = (fields: readonly FieldSchema[]) =>
  fields.find((field) => expressionName.test(field.name) && field.type !== 'number')
