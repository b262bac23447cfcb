import { canonicalJson } from '../canonical-json.ts'
import { type Fields, isFields, resolve } from './references.ts'

/** A place in a value, dotted, without the items of lists; '' is the value itself. */
export interface SchemaBreak {
  field: string
  message: string
}

export type CompareSchemas = (before: unknown, after: unknown) => SchemaBreak[]

const maxDepth = 50
const maxComparisons = 20_000
const maxBreaks = 100

/**
 * Compares JSON Schemas of two documents, by what a type, an enumeration and required fields say. A request must take all
 * that it took; an answer must stay within what it was. Where alternatives differ, each has to fit one of the others.
 */
export function createSchemaComparison(
  documents: { before: unknown; after: unknown },
  role: 'request' | 'response',
): CompareSchemas {
  /** By the two schemas; of a pair that is being compared, what is known so far: nothing. */
  const known = new Map<object, Map<object, SchemaBreak[]>>()
  let comparisons = 0

  function compare(before: unknown, after: unknown, depth: number): SchemaBreak[] {
    const [old, now] = [resolve(documents.before, before), resolve(documents.after, after)]
    if (!isFields(old)) return []
    if (!isFields(now)) return role === 'request' || after === true ? [] : [itself('has no schema any more')]
    const found = known.get(old)?.get(now)
    if (found) return found
    if (depth > maxDepth || ++comparisons > maxComparisons) return [itself('is too large to be compared')]
    const pairs = known.get(old) ?? new Map<object, SchemaBreak[]>()
    known.set(old, pairs)
    pairs.set(now, [])
    const breaks = compareFields(flatten(documents.before, old), flatten(documents.after, now), depth + 1)
    pairs.set(now, breaks)
    return breaks
  }

  function compareFields(old: Fields, now: Fields, depth: number): SchemaBreak[] {
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
    const required = [...requiredOf(now)].filter((name) => !requiredOf(old).has(name))
    const closed = now.additionalProperties === false
    return [
      ...required.map((field) => ({ field, message: 'is required now' })),
      ...[...fields].flatMap(([field, before]) => {
        if (others.has(field)) return within(field, compare(before, others.get(field), depth))
        return closed ? [{ field, message: 'is not taken any more' }] : []
      }),
    ]
  }

  /** Fields that a consumer reads. */
  function compareGiven(old: Fields, now: Fields, depth: number): SchemaBreak[] {
    const others = fieldsOf(now)
    return [...fieldsOf(old)].flatMap(([field, before]) => {
      if (!others.has(field)) return [{ field, message: 'is gone' }]
      const missing = requiredOf(old).has(field) && !requiredOf(now).has(field)
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

/** With what `allOf` adds, one level of it after the other. */
export function flatten(document: unknown, schema: Fields, depth = 0): Fields {
  if (!Array.isArray(schema.allOf) || depth > maxDepth) return schema
  const { allOf, ...own } = schema
  const parts = [own, ...allOf.map((part: unknown) => resolve(document, part)).filter(isFields)]
  const flat = parts.map((part) => flatten(document, part, depth + 1))
  return {
    ...Object.assign({}, ...flat),
    properties: Object.fromEntries(flat.flatMap((part) => [...fieldsOf(part)])),
    required: flat.flatMap((part) => [...requiredOf(part)]),
  }
}

export function fieldsOf({ properties }: Fields): Map<string, unknown> {
  return new Map(isFields(properties) ? Object.entries(properties) : [])
}

function requiredOf({ required }: Fields): Set<string> {
  return new Set(Array.isArray(required) ? required.map(String) : [])
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
  return types.find((type) => !others.includes(type) && !(type === 'integer' && others.includes('number')))
}

/** Undefined for any. OpenAPI 3.0 says `nullable`, 3.1 a list with "null" in it. */
function typesOf({ type, nullable, properties, items }: Fields): string[] | undefined {
  const implied = properties !== undefined ? 'object' : items !== undefined ? 'array' : undefined
  const given = type ?? implied
  if (given === undefined) return undefined
  return [...[given].flat().map(String), ...(nullable === true ? ['null'] : [])]
}
