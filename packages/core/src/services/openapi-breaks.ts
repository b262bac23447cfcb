import { createEffort, type Effort, spend } from './effort.ts'
import { type Fields, isFields, read, resolve } from './references.ts'
import { alternativesOf, type CompareSchemas, createSchemaComparison, fieldsOf, flatten } from './schema-breaks.ts'

interface Use {
  method: string
  path: string
  fields?: string[] | undefined
}

/** An operation of a contract, with the parameters of its path. */
interface DescribedOperation {
  operation: Fields
  parameters: Map<string, Fields>
}

/** What breaks an operation; of its answers with the field that it is about. */
interface OperationBreak {
  answerField?: string
  message: string
}

const maxBreaks = 100
const maxDepth = 50

/** What a consumer of an operation can't do any more, or may get now that it can't read, in words. */
export function findOpenApiBreaks(before: unknown, after: unknown): (use: Use) => string[] {
  const effort = createEffort()
  const taken = createSchemaComparison({ before, after }, 'request', effort)
  const given = createSchemaComparison({ before, after }, 'response', effort)
  const known = new Map<string, OperationBreak[]>()

  function breaksOf(use: Use): OperationBreak[] {
    const [old, now] = [findOperation(before, use), findOperation(after, use)]
    if (!old) return []
    if (!now) return [{ message: 'the operation is gone' }]
    const [body, newBody] = [resolve(before, old.operation.requestBody), resolve(after, now.operation.requestBody)]
    return [
      ...[...compareParameters(old, now, taken), ...compareBodies(body, newBody, taken)].map((message) => ({
        message,
      })),
      ...compareAnswers(before, after, old.operation, now.operation, given),
    ]
  }

  return (use) => {
    const key = `${use.method} ${unnamed(use.path)}`
    const breaks = known.get(key) ?? breaksOf(use)
    known.set(key, breaks)
    const concerning = breaks.filter(({ answerField }) => concerns(answerField, use.fields))
    return concerning.slice(0, maxBreaks).map(({ message }) => message)
  }
}

/** However its contract calls the parameters of the path. */
export function findOperation(document: unknown, { method, path }: Use): DescribedOperation | undefined {
  const item = resolve(document, pathsOf(document).get(unnamed(path)))
  const operation = resolve(document, read(item, method.toLowerCase()))
  if (!isFields(operation)) return undefined
  const lists = [read(item, 'parameters'), operation.parameters].flatMap((list) => (Array.isArray(list) ? list : []))
  const found = lists.map((each: unknown) => resolve(document, each)).filter(isFields)
  return {
    operation,
    parameters: new Map(
      found.map((parameter) => [`${textOf(parameter.in)} parameter "${textOf(parameter.name)}"`, parameter]),
    ),
  }
}

/** By document: its paths without the names of their parameters. */
const pathIndexes = new WeakMap<object, Map<string, unknown>>()

function pathsOf(document: unknown): Map<string, unknown> {
  const paths = read(document, 'paths')
  if (!isFields(paths)) return new Map()
  const known = pathIndexes.get(paths)
  if (known) return known
  // Of two that differ in those names only, which OpenAPI forbids, the first one counts.
  const index = new Map(
    Object.entries(paths)
      .reverse()
      .map(([path, item]) => [unnamed(path), item]),
  )
  pathIndexes.set(paths, index)
  return index
}

/** Fields of `use` that no successful answer of the operation has, as far as one may read. */
export function findUnknownFields(document: unknown, use: Use, effort: Effort): string[] {
  const responses = read(findOperation(document, use)?.operation, 'responses')
  const schemas = successes(responses).flatMap((status) =>
    [...contentOf(resolve(document, read(responses, status)))].map(([, media]) => read(media, 'schema')),
  )
  const has = (schema: unknown, [name, ...rest]: string[], depth = 0): boolean => {
    if (name === undefined) return true
    const found = resolve(document, schema)
    const flat = isFields(found) && depth <= maxDepth && spend(effort, found) && flatten(document, found, effort)
    if (!flat) return false
    const field = fieldsOf(flat).get(name)
    if (field !== undefined) return has(field, rest, depth + 1)
    const inside = [...(alternativesOf(flat) ?? []), flat.items].filter((each) => each !== undefined)
    return inside.some((each) => has(each, [name, ...rest], depth + 1))
  }
  return (use.fields ?? []).filter((field) => !schemas.some((schema) => has(schema, field.split('.'))))
}

function compareParameters(old: DescribedOperation, now: DescribedOperation, compare: CompareSchemas): string[] {
  const required = [...now.parameters].filter(
    ([name, parameter]) =>
      parameter.required === true && parameter.in !== 'path' && old.parameters.get(name)?.required !== true,
  )
  const narrowed = [...old.parameters].flatMap(([name, { schema }]) => {
    const other = now.parameters.get(name)
    return other ? compare(schema, other.schema).map(({ field, message }) => say(name, field, message)) : []
  })
  return [...required.map(([name]) => `the ${name} is required now`), ...narrowed.map((words) => `the ${words}`)]
}

function compareBodies(old: unknown, now: unknown, compare: CompareSchemas): string[] {
  const required = read(now, 'required') === true && read(old, 'required') !== true
  const contents = contentOf(now)
  const types = [...contentOf(old)].flatMap(([type, media]) => {
    const other = contents.get(type)
    if (other === undefined) return [`takes no ${type} any more`]
    return compare(read(media, 'schema'), read(other, 'schema')).map(({ field, message }) =>
      say('body', field, message),
    )
  })
  return [...(required ? ['a body is required now'] : []), ...types]
}

function compareAnswers(
  before: unknown,
  after: unknown,
  old: Fields,
  now: Fields,
  compare: CompareSchemas,
): OperationBreak[] {
  return successes(old.responses).flatMap((status) => {
    const found = [status, '2XX', 'default'].map((each) => read(now.responses, each)).find((each) => each !== undefined)
    if (found === undefined) return [{ message: `answers no ${status} any more` }]
    const contents = contentOf(resolve(after, found))
    return [...contentOf(resolve(before, read(old.responses, status)))].flatMap(([type, media]) => {
      const other = contents.get(type)
      if (other === undefined) return [{ message: `answers no ${type} any more` }]
      const breaks = compare(read(media, 'schema'), read(other, 'schema'))
      return breaks.map(({ field, message }) => ({ answerField: field, message: say('answer', field, message) }))
    })
  })
}

/** Whether somebody who reads `fields` notices a change of `changed`. */
function concerns(changed: string | undefined, fields: readonly string[] | undefined): boolean {
  if (fields === undefined || changed === undefined || changed === '') return true
  return fields.some((field) => field === changed || field.startsWith(`${changed}.`) || changed.startsWith(`${field}.`))
}

function say(what: string, field: string, message: string): string {
  return field === '' ? `${what} ${message}` : `${what} field "${field}" ${message}`
}

function successes(responses: unknown): string[] {
  return isFields(responses) ? Object.keys(responses).filter((status) => /^2/.test(status)) : []
}

function contentOf(holder: unknown): Map<string, unknown> {
  const content = read(holder, 'content')
  return new Map(isFields(content) ? Object.entries(content) : [])
}

function unnamed(path: string): string {
  return path.replace(/\{[^{}]*\}/g, '{}')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
