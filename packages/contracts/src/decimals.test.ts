import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countDecimals, createBudgetSchema, dollarDecimals, fromZodError } from './index.ts'

test.each([
  ['20', 20_000_000_000],
  ['0.5', 500_000_000],
  [' 0.000000001 ', 1],
  ['1.100000000000', 1_100_000_000],
  ['0', 0],
  ['0.0000000001', undefined],
  ['1.0000000001', undefined],
  ['9007199.3', undefined],
  ['-1', undefined],
  ['1e3', undefined],
  ['.5', undefined],
  ['1,5', undefined],
  ['', undefined],
])('%j dollars are %j nano-dollars', (text, nanos) => {
  expect(countDecimals(text, dollarDecimals)).toBe(nanos)
})

test('every amount of nano-dollars is read as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9_007_199_000_000_000 }), (nanos) => {
      const digits = String(nanos).padStart(dollarDecimals + 1, '0')
      const text = `${digits.slice(0, -dollarDecimals)}.${digits.slice(-dollarDecimals)}`
      expect(countDecimals(text, dollarDecimals)).toBe(nanos)
    }),
  )
})

test.each([
  [0.1, 'give a whole number of billionths of a dollar, such as 5000000000 for 5 dollars'],
  [-1, 'give a whole number of billionths of a dollar, such as 5000000000 for 5 dollars'],
  [1e18, 'at most 9007199254740991 billionths of a dollar, which are 9 million dollars'],
])('a limit of %s nano-dollars is refused with its unit', (limitNanos, words) => {
  const { error } = createBudgetSchema.safeParse({ name: 'a', period: 'day', limitNanos })
  expect(error && fromZodError(error, 'body').message).toBe(`body.limitNanos: ${words}`)
})
