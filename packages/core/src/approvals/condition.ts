import { createContext, Script } from 'node:vm'
import { Environment } from '@marcbachmann/cel-js'

/** What an expression of a policy can look at. */
export interface ConditionFacts {
  /** The parsed arguments of the call. */
  args: unknown
  agent: string
  environment: string
}

/** By the wall clock, so that it leaves room for a machine that is busy with other things. */
const evaluationMs = 500

const language = new Environment({ limits: { maxAstNodes: 300, maxDepth: 32, maxListElements: 200 } })
  .registerVariable('args', 'map<string, dyn>')
  .registerVariable('agent', 'string')
  .registerVariable('environment', 'string')

/** What is wrong with an expression, on one line; undefined when it is one that can be true or false. */
export function findConditionProblem(expression: string): string | undefined {
  const { valid, type, error } = language.check(expression)
  if (!valid) return `is not a valid expression: ${error?.message.split('\n')[0] ?? 'unreadable'}`
  return type === 'bool' || type === 'dyn' ? undefined : `must be true or false, and is of type ${type}`
}

/**
 * Whether an expression is true. Throws when it can't be evaluated, gives something else, or takes too long: it can nest
 * loops and hold a slow regular expression, and the arguments come from a model.
 */
export function evaluateCondition(expression: string, facts: ConditionFacts): boolean {
  const evaluate = language.parse(expression)
  const answer: unknown = script.runInContext(createContext({ work: () => evaluate({ ...facts }) }), {
    timeout: evaluationMs,
  })
  if (typeof answer !== 'boolean') throw new Error('the expression gave neither true nor false')
  return answer
}

/** Not for isolation, which CEL has by itself: only a script of `vm` can be stopped in the middle. */
const script = new Script('work()')
