import { z } from 'zod'
import { evaluateArithmetic } from './arithmetic.ts'
import { arithmeticFunctions } from './arithmetic-functions.ts'
import { defineTool, ToolError } from './tool.ts'

const input = z.strictObject({
  expression: z.string().min(1).max(1_000).describe('Such as "17% of 2340" or "sqrt(2) * sin(45 deg)"'),
})

const output = z.object({
  result: z.union([z.number(), z.string()]).describe('Text when the number is too large to be exact'),
})

export const calculate = defineTool({
  name: 'calculate',
  description:
    'Calculates an arithmetic expression with real numbers. Operators: + - * / ^ ! mod and %, where 100 + 10% is 110. ' +
    `Functions: ${[...arithmeticFunctions.keys()].join(', ')} (log is natural, angles are in radians). ` +
    'Constants: pi, tau, e, deg. Write numbers without thousands separators.',
  input,
  output,
  risk: 'low',
  idempotent: true,
  handler: async ({ expression }) => ({ result: presentable(evaluateArithmetic(expression)) }),
})

/** Fourteen digits are free of floating-point noise. Larger numbers are not exact, and say so. */
function presentable(value: number): number | string {
  if (Number.isNaN(value)) throw new ToolError('The result is not a real number.')
  if (!Number.isFinite(value)) throw new ToolError('The result is infinite, or too large (beyond 1.8e308).')
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
  const rounded = Number(value.toPrecision(14))
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? `about ${rounded.toExponential()}` : rounded
}
