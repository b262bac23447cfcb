import { cpuTimeMs } from '@freehold/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calculate } from './calculate.ts'
import { toolContext } from './fake-context.fixture.ts'
import { callTool, ToolError } from './tool.ts'

function result(expression: string): Promise<unknown> {
  return callTool(calculate, { expression }, toolContext()).then((output) => (output as { result: unknown }).result)
}

test.each([
  ['2340 * 17 / 100', 397.8],
  ['17% of 2340', 397.8],
  ['0.1 + 0.2', 0.3],
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['10 - 4 - 3', 3],
  ['100 / 10 / 2', 5],
  ['2^10', 1024],
  ['2**10', 1024],
  ['2^3^2', 512],
  ['-2^2', -4],
  ['2^-3^2', 2 ** -9],
  ['--3', 3],
  ['2 - -3', 5],
  ['-0', 0],
  ['1e3 + .5 + 2.', 1002.5],
  ['7 mod 3', 1],
  ['7 % 3', 1],
  ['7 % (1 + 2)', 1],
  ['-7 mod 3', 2],
  ['5!', 120],
  ['-3!', -6],
  ['2^3!', 64],
  ['170! / 169!', 170],
  ['2(3 + 4)', 14],
  ['(1 + 1)(2 + 2)', 8],
  ['2 pi', 6.2831853071796],
  ['1/2 pi', 1.5707963267949],
  ['sin(30 deg)', 0.5],
  ['cos(180 * deg)', -1],
  ['Math.sqrt(16) + Math.PI - π', 4],
  ['2 × 3 ÷ 4 − 1', 0.5],
  ['50%', 0.5],
  ['50% * 10', 5],
  ['50% + 10', 10.5],
  ['100 + 10%', 110],
  ['100 - 10%', 90],
  ['100 + 10% + 10%', 121],
  ['100 * (1 + 10%)', 110],
  ['10% + 5%', 0.15],
  ['200 + 10% of 50', 205],
  ['10 / 50% of 20', 1],
  ['50% of 20% of 10', 1],
  ['10% of (3 + 7)', 1],
  ['(2 + 3)% of -40', -2],
  ['1/3', 0.33333333333333],
  ['round(1.005, 2)', 1.01],
  ['round(-2.5)', -3],
  ['round(1234, -2)', 1200],
  ['sum(1, 2, 3) + mean(1, 2, 6) + median(4, 1, 2, 3)', 11.5],
  ['std(2, 4, 4, 4, 5, 5, 7, 9)', 2.1380899352994],
  ['min(3, 1, 2) + max(3, 1, 2)', 4],
  ['gcd(12, -18) + lcm(4, 6)', 18],
  ['root(-27, 3)', -3],
  ['ln(e) + log(8, 2) + log10(1000)', 7],
  ['combinations(52, 5)', 2_598_960],
  ['2^53 - 1', 9_007_199_254_740_991],
  ['2^64', 'about 1.844674407371e+19'],
  ['170!', 'about 7.257415615308e+306'],
])('%s = %j', async (expression, expected) => {
  expect(await result(expression)).toBe(expected)
})

test.each([
  ['', /arguments do not fit/],
  ['1'.repeat(1_001), /arguments do not fit/],
  ['   ', /ends where a number is expected/],
  ['1 +', /ends where a number is expected/],
  ['(1 + 2', /ends where "\)" is expected/],
  ['1 + )', /"\)" is not expected/],
  ['1 2', null],
  ['12,340 * 2', /without thousands separators/],
  ['$5 * 2', /"\$" is not expected/],
  ['x + 1', /"x" is not known/],
  ['sqrt', /ends where "\(" is expected/],
  ['sqrt()', /not expected/],
  ['sqrt(1, 2)', /takes 1 argument/],
  ['sqrt(-1)', /not a real number/],
  ['1/0', /infinite, or too large/],
  ['0/0', /not a real number/],
  ['std(1)', /at least two values/],
  ['(-1)!', /factorial of -1/],
  ['0.5!', /factorial of 0.5/],
  ['gcd(1.5, 2)', /whole numbers/],
  ['mod 3', /"mod" is not expected/],
])('%j is refused in words', async (expression, message) => {
  if (message === null) return expect(await result(expression)).toBe(2)
  await expect(result(expression)).rejects.toThrow(ToolError)
  await expect(result(expression)).rejects.toThrow(message)
})

describe('hostile expressions end at once', () => {
  test.each([
    '9^9^9^9',
    '9**9**9**9',
    'factorial(1e9)',
    '1e308!',
    '3!!!!!!',
    'ones(1e6,1e6)',
    '1:1e9',
    '[1,2,3]',
    'combinations(9007199254740991, 4503599627370495)',
    'gcd(1e300, 3)',
    'round(1, 1e9)',
    '('.repeat(1_000),
    `${'('.repeat(499)}1${')'.repeat(499)}`,
    '-'.repeat(1_000),
    '2^'.repeat(499),
    // Exponential in mathjs's parser and in its tree, which is why it isn't used.
    '(1%'.repeat(300),
    `x${'+1%'.repeat(333)}`,
    'import("fs")',
    'evaluate("1")',
    'constructor.constructor("return process")()',
    '__proto__',
    'toString()',
    'f(x) = f(x)',
    '1; 2',
    '"a" + "b"',
    '1\u0000',
    '\u{1F600}',
  ])('%j', async (expression) => {
    const refused = () => expect(result(expression)).rejects.toThrow(ToolError)
    expect(await cpuTimeMs(refused)).toBeLessThan(500)
  })

  test('any text gives a finite number, a text or a ToolError', async () => {
    const piece = fc.constantFrom(
      ...'0123456789.e+-*/^%!(),',
      ' ',
      ' of ',
      ' mod ',
      'pi',
      'sqrt(',
      'max(',
      'round(',
      'e',
    )
    const expression = fc.oneof(
      fc.array(piece, { minLength: 1, maxLength: 150 }).map((pieces) => pieces.join('')),
      fc.string({ minLength: 1, maxLength: 200 }),
    )
    await fc.assert(
      fc.asyncProperty(expression, async (text) => {
        const value = await result(text).catch((error: unknown) => error)
        const fits = typeof value === 'string' || Number.isFinite(value) || value instanceof ToolError
        expect(fits).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  test('sums and products agree with JavaScript', () => {
    const number = fc.integer({ min: 0, max: 1_000 })
    const term = fc.tuple(fc.constantFrom('+', '-', '*', '/'), number)
    return fc.assert(
      fc.asyncProperty(number, fc.array(term, { maxLength: 20 }), async (first, terms) => {
        const text = [first, ...terms.map(([operator, value]) => `${operator} ${value}`)].join(' ')
        // The text holds digits and four operators only.
        const expected: number = new Function(`return ${text}`)()
        const value = await result(text).catch(() => null)
        if (!Number.isFinite(expected)) expect(value).toBe(null)
        else
          expect(Number(String(value).replace('about ', ''))).toBeCloseTo(
            expected,
            -Math.log10(Math.abs(expected) + 1) + 10,
          )
      }),
    )
  })
})
