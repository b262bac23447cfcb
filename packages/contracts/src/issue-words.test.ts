import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { fromZodError } from './index.ts'

/** What is said of a value, behind the name of its field. */
function wordsOf(schema: z.ZodType, value: unknown): string {
  const { error } = z.object({ it: schema }).safeParse(value === undefined ? {} : { it: value })
  if (!error) throw new Error('the value fits')
  return fromZodError(error, 'body').message.replace(/^body\./, '')
}

const kinds = z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })])
const day = new Date('2026-11-30T00:00:00Z')

/** Every code that zod has, by what people run into. */
const cases: Record<z.core.$ZodIssueCode, [schema: z.ZodType, value: unknown, words: string][]> = {
  invalid_type: [
    [z.number(), null, 'it: give a number'],
    [z.number(), undefined, 'it: is missing; give a number'],
    [z.int(), 0.5, 'it: give a whole number'],
    [z.string(), 5, 'it: give text'],
    [z.boolean(), 'yes', 'it: give true or false'],
    [z.array(z.string()), 'a', 'it: give a list'],
    [z.object({}), [], 'it: give an object'],
    [z.record(z.string(), z.string()), 'a', 'it: give an object'],
    [z.array(z.string()), ['a', 2], 'it.1: give text'],
    [z.never(), 'a', 'it: give another value'],
  ],
  invalid_value: [
    [z.enum(['day', 'month']), 'week', 'it: give one of "day", "month"'],
    [z.enum(['day', 'month']), undefined, 'it: is missing; give one of "day", "month"'],
    [z.literal(3), 4, 'it: give 3'],
  ],
  too_big: [
    [z.string().max(64), 'a'.repeat(65), 'it: at most 64 characters'],
    [z.string().length(2), 'abc', 'it: must be exactly 2 characters'],
    [z.array(z.string()).max(1), ['a', 'b'], 'it: at most 1 entry'],
    [z.number().max(100), 101, 'it: at most 100'],
    [z.number().lt(100), 100, 'it: must be less than 100'],
    [z.date().max(day), new Date(day.getTime() + 1), 'it: must not be after 2026-11-30T00:00:00.000Z'],
  ],
  too_small: [
    [z.string().min(1), '', 'it: must not be empty'],
    [z.string().min(8), 'a', 'it: at least 8 characters'],
    [z.array(z.string()).min(1), [], 'it: must not be empty'],
    [z.int().min(0), -1, 'it: at least 0'],
    [z.number().positive(), 0, 'it: must be more than 0'],
    [z.array(z.string()).length(2), [], 'it: must be exactly 2 entries'],
    [z.date().min(day), new Date(0), 'it: must not be before 2026-11-30T00:00:00.000Z'],
  ],
  invalid_format: [
    [z.email(), 'ada', 'it: give an e-mail address, such as ada@example.com'],
    [z.url(), 'example', 'it: give a URL, such as https://example.com'],
    [z.uuid(), '7', 'it: give an id, such as 01a204f4-3648-7b1e-9c5d-2f0f3c1a7e11'],
    [z.iso.datetime(), 'today', 'it: give a time, such as 2026-11-30T14:00:00Z'],
    [z.string().startsWith('fht_'), 'x', 'it: must begin with "fht_"'],
    [z.string().endsWith('.x'), 'x', 'it: must end with ".x"'],
    [z.string().includes('@'), 'x', 'it: must have "@" in it'],
    [z.string().regex(/^a$/), 'b', 'it: is not written as it must be'],
    [z.string().regex(/^a$/, 'use "a"'), 'b', 'it: use "a"'],
  ],
  not_multiple_of: [[z.number().multipleOf(5), 7, 'it: must be a multiple of 5']],
  unrecognized_keys: [
    [z.strictObject({}), { teem: 1 }, 'it: there is no field "teem"; leave it out, or check its spelling'],
    [z.strictObject({}), { a: 1, b: 2 }, 'it: there are no fields "a", "b"; leave them out, or check their spelling'],
  ],
  invalid_key: [
    [z.record(z.string().max(1), z.string()), { ab: 'x' }, 'it.ab: this name is not allowed: at most 1 character'],
  ],
  invalid_union: [
    [z.union([z.string(), z.number()]), null, 'it: give text, or give a number'],
    [z.union([z.object({ a: z.string() }), z.null()]), {}, 'it: a: is missing; give text, or give null'],
    [kinds, { kind: 'c' }, 'it.kind: give one of "a", "b"'],
    [kinds, {}, 'it.kind: is missing; give one of "a", "b"'],
    [z.xor([z.string(), z.string()]), 'a', 'it: give another value'],
  ],
  invalid_element: [[z.map(z.string(), z.array(z.string())), new Map([['a', 'b']]), 'it.a: give a list']],
  custom: [
    [z.string().refine(() => false), 'a', 'it: is not allowed here'],
    [z.string().refine(() => false, 'use another'), 'a', 'it: use another'],
  ],
}

describe('what is wrong with a value is said in plain words', () => {
  test.each(Object.entries(cases).flatMap(([code, given]) => given.map((each) => [code, ...each] as const)))(
    '%s: %s',
    (_, schema, value, words) => expect(wordsOf(schema, value)).toBe(words),
  )
})

test('an element that has no name is described, too', () => {
  const { error } = z.map(z.object({}), z.string()).safeParse(new Map([[{}, 1]]))
  expect(error?.issues[0]).toMatchObject({ code: 'invalid_element', message: 'give text' })
})
