import { z } from 'zod'

type RawIssue = z.core.$ZodRawIssue
type Issue<Code extends RawIssue['code']> = Extract<RawIssue, { code: Code }>

const types: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  map: 'an object',
  date: 'a date',
  null: 'null',
}

const formats: Record<string, string> = {
  email: 'an e-mail address, such as ada@example.com',
  url: 'a URL, such as https://example.com',
  uuid: 'an id, such as 01a204f4-3648-7b1e-9c5d-2f0f3c1a7e11',
  guid: 'an id, such as 01a204f4-3648-7b1e-9c5d-2f0f3c1a7e11',
  datetime: 'a time, such as 2026-11-30T14:00:00Z',
  date: 'a date, such as 2026-11-30',
  time: 'a time of day, such as 14:00:00',
  duration: 'a duration, such as PT15M',
  ipv4: 'an IP address, such as 192.0.2.1',
  ipv6: 'an IP address, such as 2001:db8::1',
  base64: 'base64',
  base64url: 'base64url',
  json_string: 'JSON',
}

const units: Record<string, [one: string, many: string]> = {
  string: ['character', 'characters'],
  file: ['byte', 'bytes'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
  object: ['entry', 'entries'],
}

/**
 * What is wrong with a value, in words for the person who gave it. They stand behind the name of the field: "budget: give
 * a number". A schema that knows better says so itself.
 */
export function describeIssue(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return asked(issue.input, types[issue.expected] ?? 'another value')
    case 'invalid_value':
      return choose(issue.values, issue.input)
    case 'too_big':
      return issue.exact ? `must be exactly ${amount(issue.maximum, issue.origin)}` : describeMaximum(issue)
    case 'too_small':
      return issue.exact ? `must be exactly ${amount(issue.minimum, issue.origin)}` : describeMinimum(issue)
    case 'invalid_format':
      return describeFormat(issue)
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return describeUnknown(issue.keys.map((key) => `"${key}"`))
    case 'invalid_key':
      return `this name is not allowed: ${describeAll(issue.issues)}`
    case 'invalid_union':
      return describeUnion(issue)
    case 'invalid_element':
      return describeAll(issue.issues)
    default:
      return 'is not allowed here'
  }
}

function describeUnknown(names: readonly string[]): string {
  if (names.length === 1) return `there is no field ${names[0]}; leave it out, or check its spelling`
  return `there are no fields ${names.join(', ')}; leave them out, or check their spelling`
}

function asked(input: unknown, what: string): string {
  return input === undefined ? `is missing; give ${what}` : `give ${what}`
}

function amount(count: number | bigint, origin: string): string {
  const unit = units[origin]
  return unit ? `${count} ${unit[Number(count) === 1 ? 0 : 1]}` : String(count)
}

function describeMaximum({ origin, maximum, inclusive }: Issue<'too_big'>): string {
  if (origin === 'date') return `must not be after ${new Date(Number(maximum)).toISOString()}`
  return inclusive === false ? `must be less than ${maximum}` : `at most ${amount(maximum, origin)}`
}

function describeMinimum({ origin, minimum, inclusive }: Issue<'too_small'>): string {
  if (origin === 'date') return `must not be before ${new Date(Number(minimum)).toISOString()}`
  if (inclusive === false) return `must be more than ${minimum}`
  if (units[origin] && Number(minimum) === 1) return 'must not be empty'
  return `at least ${amount(minimum, origin)}`
}

function choose(values: readonly z.core.util.Primitive[], given: unknown): string {
  const choice = values.map((value) => z.core.util.stringifyPrimitive(value)).join(', ')
  return asked(given, values.length === 1 ? choice : `one of ${choice}`)
}

function describeFormat({ format, prefix, suffix, includes }: Issue<'invalid_format'>): string {
  if (format === 'starts_with') return `must begin with "${prefix}"`
  if (format === 'ends_with') return `must end with "${suffix}"`
  if (format === 'includes') return `must have "${includes}" in it`
  return formats[format] ? `give ${formats[format]}` : 'is not written as it must be'
}

function describeUnion(issue: Issue<'invalid_union'>): string {
  if (issue.inclusive !== false && issue.options && issue.discriminator !== undefined) {
    return choose(issue.options, (issue.input as Record<string, unknown>)[issue.discriminator])
  }
  const ways = [...new Set(issue.errors.map((issues) => describeAll(issues)).filter((words) => words !== ''))]
  return ways.length === 0 ? asked(issue.input, 'another value') : ways.join(', or ')
}

function describeAll(issues: readonly z.core.$ZodIssue[]): string {
  return issues.map(({ path, message }) => [path.map(String).join('.'), message].filter(Boolean).join(': ')).join('; ')
}
