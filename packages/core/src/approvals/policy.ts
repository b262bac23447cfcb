import type { ApprovalPolicy, ApprovalTerms, Tool } from '@freehold/contracts'
import { type ConditionFacts, evaluateCondition, findConditionProblem } from './condition.ts'

/** The terms of an approval with nothing left open. */
export interface EffectiveTerms {
  approvers: NonNullable<ApprovalTerms['approvers']>
  quorum: number
  expiresAfterMs: number
  onExpiry: NonNullable<ApprovalTerms['onExpiry']>
  allowSelf: boolean
}

export interface NeededApproval {
  /** Why, in words for whoever decides. */
  reason: string
  terms: EffectiveTerms
}

const dayMs = 86_400_000

export function completeTerms(terms: ApprovalTerms, allowSelf: boolean): EffectiveTerms {
  return {
    approvers: terms.approvers ?? { actors: [], roles: [] },
    quorum: terms.quorum ?? 1,
    expiresAfterMs: terms.expiresAfterMs ?? dayMs,
    onExpiry: terms.onExpiry ?? 'reject',
    allowSelf: terms.allowSelf ?? allowSelf,
  }
}

/**
 * The approval that a call of a tool needs, if it needs one. A condition that can't be evaluated needs one. The facts are
 * read only where the policy doesn't free the tool altogether.
 */
export function findNeededApproval(
  policy: ApprovalPolicy,
  tool: Pick<Tool, 'name' | 'risk'>,
  readFacts: () => ConditionFacts,
): NeededApproval | undefined {
  const rule = findRule(policy, tool)
  if (rule.require === 'never') return undefined
  const facts = readFacts()
  const reason = rule.require === 'always' ? rule.reason : findReasonIn(rule.when, facts)
  if (reason === undefined) return undefined
  return { reason, terms: completeTerms({ ...policy.default, ...policy.tools[tool.name] }, tool.risk !== 'high') }
}

type Rule = { require: 'never' } | { require: 'always'; reason: string } | { require: 'when'; when: string }

function findRule(policy: ApprovalPolicy, { name, risk }: Pick<Tool, 'name' | 'risk'>): Rule {
  const own = policy.tools[name]
  const stated = own?.require ? own : risk === 'high' ? undefined : policy.default
  if (stated?.when !== undefined) return { require: 'when', when: stated.when }
  if (stated?.require === 'always') return { require: 'always', reason: `The agent uses "${name}" with approval only.` }
  if (stated?.require === 'never' || risk !== 'high') return { require: 'never' }
  return { require: 'always', reason: `"${name}" is a tool of high risk.` }
}

function findReasonIn(expression: string, facts: ConditionFacts): string | undefined {
  try {
    return evaluateCondition(expression, facts) ? `The policy asks for approval when ${expression}` : undefined
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return `The condition of the policy could not be evaluated (${why}): ${expression}`
  }
}

interface PolicyProblem {
  /** Its path below `approvals`. */
  field: string
  message: string
}

/** What is wrong with a policy for an agent with these tools. */
export function findPolicyProblem(policy: ApprovalPolicy, tools: readonly string[]): PolicyProblem | undefined {
  const foreign = Object.keys(policy.tools).find((name) => !tools.includes(name))
  if (foreign !== undefined) return { field: `tools.${foreign}`, message: 'the agent has no tool of this name' }
  // What a tool's own entry leaves open, the default decides.
  const ofTools = Object.entries(policy.tools).map(
    ([name, own]) => [`tools.${name}`, { ...policy.default, ...own }] as const,
  )
  for (const [place, rule] of [['default', policy.default] as const, ['budget', policy.budget] as const, ...ofTools]) {
    const problem = rule && findRuleProblem(rule)
    if (problem) return { field: `${place}.${problem.field}`, message: problem.message }
  }
  return undefined
}

function findRuleProblem({
  when,
  approvers,
  quorum = 1,
}: ApprovalTerms & { when?: string | undefined }): PolicyProblem | undefined {
  const condition = when === undefined ? undefined : findConditionProblem(when)
  if (condition !== undefined) return { field: 'when', message: condition }
  const { actors, roles } = approvers ?? { actors: [], roles: [] }
  const unknown = actors.find((actor) => !/^[a-z_]+:\S+$/.test(actor))
  if (unknown !== undefined) {
    const message = `"${unknown}" is nobody; name them as journals do, such as api_key:<id>`
    return { field: 'approvers.actors', message }
  }
  const named = new Set(actors).size
  if (named > 0 && roles.length === 0 && quorum > named) {
    return { field: 'quorum', message: `${quorum} must approve, and only ${named} may` }
  }
  return undefined
}
