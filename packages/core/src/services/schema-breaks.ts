import { canonicalJson } from '../canonical-json.ts'
import { type Effort, spend } from './effort.ts'
import { type Fields, isFields, resolve, textsOf } from './references.ts'

/** A place in a value, dotted, without the items of lists; '' is the value itself. */
export interface SchemaBreak {
  field: string
  message: string
}

export type CompareSchemas = (before: unknown, after: unknown) => SchemaBreak[]

const maxDepth = 200
const maxBreaks = 100
const tooLarge = 'is too large to be compared'

/**
 * Compares JSON Schemas of two documents, by what a type, an enumeration and required fields say. A request must take all
 * that it took; an answer must stay within what it was. Where alternatives differ, each has to fit one of the others.
 */
export function createSchemaComparison(
  documents: { before: unknown; after: unknown },
  role: 'request' | 'response',
  effort: Effort,
): CompareSchemas {
  /** By the two schemas; of a pair that is being compared, what is known so far: nothing. */
  const known = new Map<object, Map<object, SchemaBreak[]>>()

  function compare(before: unknown, after: unknown, depth: number): SchemaBreak[] {
    const [old, now] = [resolve(documents.before, before), resolve(documents.after, after)]
    if (!isFields(old)) return []
    if (!isFields(now)) return role === 'request' || after === true ? [] : [itself('has no schema any more')]
    return compareOnce(old, now, depth)
  }

  function compareOnce(old: Fields, now: Fields, depth: number): SchemaBreak[] {
    const found = known.get(old)?.get(now)
    if (!spend(effort, found ? null : [old, now]) || depth > maxDepth) return [itself(tooLarge)]
    if (found) return found
    const pairs = known.get(old) ?? new Map<object, SchemaBreak[]>()
    known.set(old, pairs)
    pairs.set(now, [])
    const breaks = compareFields(old, now, depth + 1)
    pairs.set(now, breaks)
    return breaks
  }

  function compareFields(before: Fields, after: Fields, depth: number): SchemaBreak[] {
    const [old, now] = [flatten(documents.before, before, effort), flatten(documents.after, after, effort)]
    if (!old || !now) return [itself(tooLarge)]
    const [alternatives, others] = [alternativesOf(old), alternativesOf(now)]
    if (alternatives || others) {
      const breaks = compareAlternatives(alternatives ?? [old], others ?? [now], depth)
      // What stands beside the alternatives is compared when it does in both.
      if (breaks.length > 0 || !alternatives || !others) return breaks
    }
    return compareType(old, now) ?? compareWithin(old, now, depth)
  }

  function compareType(old: Fields, now: Fields): SchemaBreak[] | undefined {
    if (role === 'request') {
      const type = findType(old, now)
      return type === undefined ? undefined : [itself(`takes no ${type} any more`)]
    }
    const type = findType(now, old)
    return type === undefined ? undefined : [itself(`can be ${type} now`)]
  }

  function compareWithin(old: Fields, now: Fields, depth: number): SchemaBreak[] {
    return [
      ...compareValues(old, now),
      ...(old.items === undefined ? [] : compare(old.items, now.items, depth)),
      ...(role === 'request' ? compareTaken(old, now, depth) : compareGiven(old, now, depth)),
    ].slice(0, maxBreaks)
  }

  function compareAlternatives(old: readonly unknown[], now: readonly unknown[], depth: number): SchemaBreak[] {
    const fit = (before: unknown, after: unknown) => compare(before, after, depth).length === 0
    const fits =
      role === 'request'
        ? old.every((before) => now.some((after) => fit(before, after)))
        : now.every((after) => old.some((before) => fit(before, after)))
    return fits ? [] : [itself('has other alternatives')]
  }

  function compareValues(old: Fields, now: Fields): SchemaBreak[] {
    const [values, others] = [valuesOf(old), valuesOf(now)]
    const [inner, outer] = role === 'request' ? [values, others] : [others, values]
    if (outer === undefined) return []
    if (inner === undefined) return [itself(role === 'request' ? 'takes only some values now' : 'can be any value now')]
    const extra = [...inner].filter((value) => !outer.has(value))
    if (extra.length === 0) return []
    return [itself(`${role === 'request' ? 'takes no' : 'can be'} ${extra.join(', ').slice(0, 200)} ${after(role)}`)]
  }

  /** Fields that a consumer sends. */
  function compareTaken(old: Fields, now: Fields, depth: number): SchemaBreak[] {
    const [fields, others] = [fieldsOf(old), fieldsOf(now)]
    const before = requiredOf(old)
    const required = [...requiredOf(now)].filter((name) => !before.has(name))
    const closed = now.additionalProperties === false
    return [
      ...required.map((field) => ({ field, message: 'is required now' })),
      ...[...fields].flatMap(([field, schema]) => {
        if (others.has(field)) return within(field, compare(schema, others.get(field), depth))
        return closed ? [{ field, message: 'is not taken any more' }] : []
      }),
    ]
  }

  /** Fields that a consumer reads. */
  function compareGiven(old: Fields, now: Fields, depth: number): SchemaBreak[] {
    const others = fieldsOf(now)
    const [always, stillAlways] = [requiredOf(old), requiredOf(now)]
    return [...fieldsOf(old)].flatMap(([field, before]) => {
      if (!others.has(field)) return [{ field, message: 'is gone' }]
      const missing = always.has(field) && !stillAlways.has(field)
      const breaks = within(field, compare(before, others.get(field), depth))
      return missing ? [{ field, message: 'can be missing now' }, ...breaks] : breaks
    })
  }

  return (before, after) => compare(before, after, 0)
}

function after(role: 'request' | 'response'): string {
  return role === 'request' ? 'any more' : 'now'
}

function itself(message: string): SchemaBreak {
  return { field: '', message }
}

function within(field: string, breaks: readonly SchemaBreak[]): SchemaBreak[] {
  return breaks.map((each) => ({ ...each, field: each.field === '' ? field : `${field}.${each.field}` }))
}

/** With what `allOf` adds, one level of it after the other. Undefined when that is more than one may read. */
export function flatten(document: unknown, schema: Fields, effort: Effort, depth = 0): Fields | undefined {
  if (!Array.isArray(schema.allOf) || depth > maxDepth) return schema
  const { allOf, ...own } = schema
  const flat = new Map<string, unknown>()
  const properties = new Map<string, unknown>()
  const required = new Set<string>()
  for (const part of [own, ...allOf].map((each: unknown) => resolve(document, each)).filter(isFields)) {
    const inner = spend(effort, part) ? flatten(document, part, effort, depth + 1) : undefined
    if (!inner || !spend(effort, inner)) return undefined
    for (const [name, value] of Object.entries(inner)) flat.set(name, value)
    for (const [name, field] of fieldsOf(inner)) properties.set(name, field)
    for (const name of requiredOf(inner)) required.add(name)
  }
  return { ...Object.fromEntries(flat), properties: Object.fromEntries(properties), required: [...required] }
}

export function fieldsOf({ properties }: Fields): Map<string, unknown> {
  return new Map(isFields(properties) ? Object.entries(properties) : [])
}

function requiredOf({ required }: Fields): Set<string> {
  return new Set(textsOf(required))
}

export function alternativesOf({ oneOf, anyOf }: Fields): unknown[] | undefined {
  return [oneOf, anyOf].find((list) => Array.isArray(list))
}

function valuesOf(schema: Fields): Set<string> | undefined {
  const values = 'const' in schema ? [schema.const] : schema.enum
  return Array.isArray(values) ? new Set(values.map((value) => canonicalJson(value))) : undefined
}

/** The first type of `inner` that `outer` has not. */
function findType(inner: Fields, outer: Fields): string | undefined {
  const [types, others] = [typesOf(inner), typesOf(outer)]
  if (others === undefined) return undefined
  if (types === undefined) return 'anything'
  return [...types].find((type) => !others.has(type) && !(type === 'integer' && others.has('number')))
}

/** Undefined for any. OpenAPI 3.0 says `nullable`, 3.1 a list with "null" in it. */
function typesOf({ type, nullable, properties, items }: Fields): Set<string> | undefined {
  const implied = properties !== undefined ? 'object' : items !== undefined ? 'array' : undefined
  const given = type ?? implied
  if (given === undefined) return undefined
  return new Set([...textsOf([given].flat()), ...(nullable === true ? ['null'] : [])])
}
