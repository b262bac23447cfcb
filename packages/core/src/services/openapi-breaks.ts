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

/** What a consumer of an operation can't do any more, or may get now that it can't read, in words. */
export function findOpenApiBreaks(before: unknown, after: unknown): (use: Use) => string[] {
  const taken = createSchemaComparison({ before, after }, 'request')
  const given = createSchemaComparison({ before, after }, 'response')
  return (use) => {
    const [old, now] = [findOperation(before, use), findOperation(after, use)]
    if (!old) return []
    if (!now) return ['the operation is gone']
    return [
      ...compareParameters(old, now, taken),
      ...compareBodies(resolve(before, old.operation.requestBody), resolve(after, now.operation.requestBody), taken),
      ...compareAnswers(before, after, old.operation, now.operation, given, use.fields),
    ]
  }
}

/** However its contract calls the parameters of the path. */
export function findOperation(document: unknown, { method, path }: Use): DescribedOperation | undefined {
  const paths = read(document, 'paths')
  if (!isFields(paths)) return undefined
  const name = Object.keys(paths).find((each) => unnamed(each) === unnamed(path))
  const item = name === undefined ? undefined : resolve(document, paths[name])
  const operation = resolve(document, read(item, method.toLowerCase()))
  if (!isFields(operation)) return undefined
  const lists = [read(item, 'parameters'), operation.parameters].flatMap((list) => (Array.isArray(list) ? list : []))
  const found = lists.map((each: unknown) => resolve(document, each)).filter(isFields)
  return {
    operation,
    parameters: new Map(found.map((parameter) => [`${parameter.in} parameter "${parameter.name}"`, parameter])),
  }
}

/** Fields of `use` that no successful answer of the operation has. */
export function findUnknownFields(document: unknown, use: Use): string[] {
  const responses = read(findOperation(document, use)?.operation, 'responses')
  const schemas = successes(responses).flatMap((status) =>
    [...contentOf(resolve(document, read(responses, status)))].map(([, media]) => read(media, 'schema')),
  )
  return (use.fields ?? []).filter((field) => !schemas.some((schema) => hasField(document, schema, field.split('.'))))
}

function hasField(document: unknown, schema: unknown, [name, ...rest]: string[], depth = 0): boolean {
  if (name === undefined) return true
  const found = resolve(document, schema)
  if (!isFields(found) || depth > 50) return false
  const flat = flatten(document, found)
  const inside = [...(alternativesOf(flat) ?? []), flat.items].filter((each) => each !== undefined)
  const field = fieldsOf(flat).get(name)
  if (field !== undefined) return hasField(document, field, rest, depth + 1)
  return inside.some((each) => hasField(document, each, [name, ...rest], depth + 1))
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
  fields: readonly string[] | undefined,
): string[] {
  return successes(old.responses).flatMap((status) => {
    const found = [status, '2XX', 'default'].map((each) => read(now.responses, each)).find((each) => each !== undefined)
    if (found === undefined) return [`answers no ${status} any more`]
    const contents = contentOf(resolve(after, found))
    return [...contentOf(resolve(before, read(old.responses, status)))].flatMap(([type, media]) => {
      const other = contents.get(type)
      if (other === undefined) return [`answers no ${type} any more`]
      return compare(read(media, 'schema'), read(other, 'schema'))
        .filter(({ field }) => concerns(field, fields))
        .map(({ field, message }) => say('answer', field, message))
    })
  })
}

/** Whether somebody who reads `fields` notices a change of `changed`. */
function concerns(changed: string, fields: readonly string[] | undefined): boolean {
  if (fields === undefined || changed === '') return true
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
  return path.replace(/\{[^}]*\}/g, '{}')
}
