import { ToolError } from './tool.ts'

interface ArithmeticFunction {
  minArgs: number
  maxArgs: number
  apply: (...args: number[]) => number
}

/** Every function takes a time that is bounded by the number of its arguments, whatever their values. */
export const arithmeticFunctions: ReadonlyMap<string, ArithmeticFunction> = new Map([
  ...oneArgument(['abs', 'sign', 'sqrt', 'cbrt', 'exp', 'log2', 'log10', 'floor', 'ceil', 'trunc']),
  ...oneArgument(['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh']),
  entry('ln', 1, 1, Math.log),
  entry('log', 1, 2, (x = 0, base) => (base === undefined ? Math.log(x) : Math.log(x) / Math.log(base))),
  entry('round', 1, 2, (x = 0, digits = 0) => round(x, digits)),
  entry('pow', 2, 2, (x = 0, y = 0) => x ** y),
  entry('root', 2, 2, (x = 0, n = 0) => root(x, n)),
  entry('atan2', 2, 2, (y = 0, x = 0) => Math.atan2(y, x)),
  entry('mod', 2, 2, (x = 0, y = 0) => remainder(x, y)),
  entry('gcd', 2, 2, (a = 0, b = 0) => greatestDivisor(a, b)),
  entry('lcm', 2, 2, (a = 0, b = 0) => (a === 0 && b === 0 ? 0 : Math.abs((a / greatestDivisor(a, b)) * b))),
  entry('factorial', 1, 1, (n = 0) => factorial(n)),
  entry('combinations', 2, 2, (n = 0, k = 0) => combinations(n, k)),
  ...oneOrMore('hypot', (xs) => Math.hypot(...xs)),
  ...oneOrMore('min', (xs) => Math.min(...xs)),
  ...oneOrMore('max', (xs) => Math.max(...xs)),
  ...oneOrMore('sum', sum),
  ...oneOrMore('mean', mean),
  ...oneOrMore('median', median),
  ...oneOrMore('variance', variance),
  ...oneOrMore('std', (xs) => Math.sqrt(variance(xs))),
])

/** `deg` turns degrees into radians: `sin(45 deg)`. */
export const arithmeticConstants: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['π', Math.PI],
  ['tau', 2 * Math.PI],
  ['e', Math.E],
  ['deg', Math.PI / 180],
])

type OneArgumentName =
  | 'abs'
  | 'sign'
  | 'sqrt'
  | 'cbrt'
  | 'exp'
  | 'log2'
  | 'log10'
  | 'floor'
  | 'ceil'
  | 'trunc'
  | Trigonometric
type Trigonometric = `${'' | 'a'}${'sin' | 'cos' | 'tan'}${'' | 'h'}`

function oneArgument(names: OneArgumentName[]): [string, ArithmeticFunction][] {
  return names.map((name) => entry(name, 1, 1, (x = 0) => Math[name](x)))
}

function oneOrMore(name: string, apply: (values: number[]) => number): [string, ArithmeticFunction][] {
  return [entry(name, 1, Number.POSITIVE_INFINITY, (...values) => apply(values))]
}

function entry(
  name: string,
  minArgs: number,
  maxArgs: number,
  apply: ArithmeticFunction['apply'],
): [string, ArithmeticFunction] {
  return [name, { minArgs, maxArgs, apply }]
}

/** The remainder with the sign of the divisor, as in mathematics: -7 mod 3 is 2. */
export function remainder(x: number, y: number): number {
  return x - y * Math.floor(x / y)
}

export function factorial(n: number): number {
  if (!Number.isInteger(n) || n < 0 || n > 170) {
    throw new ToolError(`The factorial of ${n} can't be calculated: it takes a whole number from 0 to 170.`)
  }
  let product = 1
  for (let factor = 2; factor <= n; factor++) product *= factor
  return product
}

/** Each step at least doubles the count, so it ends or overflows within 1,024 of them. */
function combinations(n: number, k: number): number {
  if (!Number.isSafeInteger(n) || !Number.isSafeInteger(k) || k < 0 || k > n) {
    throw new ToolError('combinations(n, k) takes whole numbers with 0 <= k <= n.')
  }
  const steps = Math.min(k, n - k)
  let count = 1
  for (let step = 1; step <= steps && Number.isFinite(count); step++) count = (count * (n - steps + step)) / step
  return Number.isFinite(count) ? Math.round(count) : count
}

/** Euclid: at most about 80 steps for safe integers. */
function greatestDivisor(a: number, b: number): number {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) {
    throw new ToolError('gcd and lcm take whole numbers below 2^53.')
  }
  let [x, y] = [Math.abs(a), Math.abs(b)]
  while (y !== 0) [x, y] = [y, x % y]
  return x
}

/** Rounds halves away from zero, as people do, and takes 1.005 for what it says rather than for 1.00499999999999989. */
function round(x: number, digits: number): number {
  if (!Number.isInteger(digits) || Math.abs(digits) > 15) {
    throw new ToolError('round(x, digits) takes a whole number of digits, at most 15.')
  }
  const scale = 10 ** digits
  const scaled = Number((Math.abs(x) * scale).toPrecision(15))
  return (Math.sign(x) * Math.round(scaled)) / scale
}

function root(x: number, n: number): number {
  return x < 0 && Math.abs(n % 2) === 1 ? -((-x) ** (1 / n)) : x ** (1 / n)
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: number[]): number {
  return sum(values) / values.length
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return mean(sorted.slice(sorted.length % 2 === 0 ? middle - 1 : middle, middle + 1))
}

/** Of a sample: divided by n - 1. */
function variance(values: number[]): number {
  if (values.length < 2) throw new ToolError('variance and std take at least two values.')
  const center = mean(values)
  return sum(values.map((value) => (value - center) ** 2)) / (values.length - 1)
}
