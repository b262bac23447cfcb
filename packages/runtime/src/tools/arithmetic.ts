import { arithmeticConstants, arithmeticFunctions, factorial, remainder } from './arithmetic-functions.ts'
import { ToolError } from './tool.ts'

/**
 * Evaluates an arithmetic expression with real numbers, by operator precedence (Pratt), in time linear in its length.
 * From loose to tight: `+ -`, then `* / mod %` and implied products, `of`, signs, `^` (to the right), then `!` and percent.
 * `%` is a remainder when an operand follows (`7 % 3`), else a percentage; `100 + 10%` is 110. Throws `ToolError`.
 */
export function evaluateArithmetic(expression: string): number {
  const cursor: Cursor = { tokens: tokenize(expression), next: 0, depth: 0 }
  const { value } = parseOperand(cursor, 0)
  const rest = cursor.tokens[cursor.next]
  if (rest !== undefined) throw unexpected(rest)
  return value
}

type Token = { kind: 'number'; text: string; value: number } | { kind: 'name' | 'operator'; text: string }

interface Cursor {
  tokens: readonly Token[]
  next: number
  depth: number
}

/** A percentage remembers that it is one, for the sake of `100 + 10%`. */
interface Operand {
  value: number
  percent: boolean
}

const maxDepth = 200

const binding = { sum: 10, product: 20, of: 30, sign: 40, power: 50, postfix: 60 }

const spellings: ReadonlyMap<string, string> = new Map([
  ['**', '^'],
  ['×', '*'],
  ['·', '*'],
  ['÷', '/'],
  ['−', '-'],
])

const tokenPattern =
  /\s*(?:((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?:math\.)?([a-z_π][a-z0-9_]*)|(\*\*|[-+*/^%!(),×·÷−]))\s*/iy

function tokenize(expression: string): Token[] {
  const tokens: Token[] = []
  let index = 0
  while (index < expression.length) {
    tokenPattern.lastIndex = index
    const match = tokenPattern.exec(expression)
    if (match === null) {
      const character = [...expression.slice(index).trimStart()][0]
      if (character === undefined) break
      throw new ToolError(`The expression can't be calculated: ${JSON.stringify(character)} is not expected in it.`)
    }
    const [whole, number, name, operator = ''] = match
    index += whole.length
    if (number !== undefined) tokens.push({ kind: 'number', text: number, value: Number(number) })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name.toLowerCase() })
    else tokens.push({ kind: 'operator', text: spellings.get(operator) ?? operator })
  }
  return tokens
}

/** Reads an operand and every operator after it that binds tighter than `power`. */
function parseOperand(cursor: Cursor, power: number): Operand {
  if (++cursor.depth > maxDepth) throw new ToolError('The expression is nested too deeply. Calculate it in parts.')
  let left = parsePrefix(cursor)
  for (;;) {
    const token = cursor.tokens[cursor.next]
    if (token === undefined) break
    const operator = startsOperand(token) ? '*' : token.text
    const bindingPower = bindingOf(operator, cursor)
    if (bindingPower <= power) break
    if (!startsOperand(token)) cursor.next += 1
    left = bindingPower === binding.postfix ? postfix(operator, left) : infix(operator, left, cursor, bindingPower)
  }
  cursor.depth -= 1
  return left
}

function parsePrefix(cursor: Cursor): Operand {
  const token = cursor.tokens[cursor.next]
  if (token === undefined) throw new ToolError('The expression ends where a number is expected.')
  cursor.next += 1
  if (token.kind === 'number') return plain(token.value)
  if (token.kind === 'name' && startsOperand(token)) return plain(parseName(token.text, cursor))
  if (token.text === '(') {
    const { value } = parseOperand(cursor, 0)
    expect(cursor, ')')
    return plain(value)
  }
  if (token.text === '+') return parseOperand(cursor, binding.sign)
  if (token.text === '-') {
    const { value, percent } = parseOperand(cursor, binding.sign)
    return { value: -value, percent }
  }
  throw unexpected(token)
}

function parseName(name: string, cursor: Cursor): number {
  const constant = arithmeticConstants.get(name)
  if (constant !== undefined) return constant
  const called = arithmeticFunctions.get(name)
  if (called === undefined) {
    throw new ToolError(
      `"${name}" is not known. There are ${[...arithmeticFunctions.keys(), ...arithmeticConstants.keys()].join(', ')}.`,
    )
  }
  const args = parseArguments(cursor)
  if (args.length < called.minArgs || args.length > called.maxArgs) {
    const count = called.minArgs === called.maxArgs ? called.minArgs : `${called.minArgs} or ${called.maxArgs}`
    throw new ToolError(`${name} takes ${count} argument(s), not ${args.length}.`)
  }
  return called.apply(...args)
}

function parseArguments(cursor: Cursor): number[] {
  expect(cursor, '(')
  const args = [parseOperand(cursor, 0).value]
  while (cursor.tokens[cursor.next]?.text === ',') {
    cursor.next += 1
    args.push(parseOperand(cursor, 0).value)
  }
  expect(cursor, ')')
  return args
}

function bindingOf(operator: string, cursor: Cursor): number {
  switch (operator) {
    case '+':
    case '-':
      return binding.sum
    case '*':
    case '/':
    case 'mod':
      return binding.product
    case 'of':
      return binding.of
    case '^':
      return binding.power
    case '!':
      return binding.postfix
    case '%': {
      const following = cursor.tokens[cursor.next + 1]
      return following !== undefined && startsOperand(following) ? binding.product : binding.postfix
    }
    default:
      return 0
  }
}

function postfix(operator: string, { value }: Operand): Operand {
  return operator === '!' ? plain(factorial(value)) : { value: value / 100, percent: true }
}

function infix(operator: string, left: Operand, cursor: Cursor, bindingPower: number): Operand {
  // One less makes `^` group to the right.
  const right = parseOperand(cursor, operator === '^' ? bindingPower - 1 : bindingPower)
  switch (operator) {
    case '+':
      return add(left, right)
    case '-':
      return add(left, { value: -right.value, percent: right.percent })
    case '/':
      return plain(left.value / right.value)
    case '^':
      return plain(left.value ** right.value)
    case '%':
    case 'mod':
      return plain(remainder(left.value, right.value))
    default:
      return plain(left.value * right.value)
  }
}

/** `100 + 10%` is 110, but `10% + 5%` is 15%. */
function add(left: Operand, right: Operand): Operand {
  if (right.percent && !left.percent) return plain(left.value * (1 + right.value))
  return { value: left.value + right.value, percent: left.percent && right.percent }
}

function plain(value: number): Operand {
  return { value, percent: false }
}

function startsOperand(token: Token): boolean {
  if (token.kind === 'name') return token.text !== 'mod' && token.text !== 'of'
  return token.kind === 'number' || token.text === '('
}

function expect(cursor: Cursor, text: string): void {
  const token = cursor.tokens[cursor.next]
  if (token === undefined) throw new ToolError(`The expression ends where "${text}" is expected.`)
  if (token.text !== text) throw unexpected(token)
  cursor.next += 1
}

function unexpected({ text }: Token): ToolError {
  const hint = text === ',' ? ' Write numbers without thousands separators.' : ''
  return new ToolError(`The expression can't be calculated: "${text}" is not expected where it stands.${hint}`)
}
