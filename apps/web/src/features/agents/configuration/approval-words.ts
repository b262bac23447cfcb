import type { ApprovalPolicy, ApprovalTerms, Tool } from '@freehold/contracts'
import { formatDuration } from '../../../ui/format.ts'

export type ToolRule = ApprovalPolicy['tools'][string]

/** Whether a call of a tool has to be approved, and by which part of the policy: as the platform decides it. */
export function describeNeed(policy: ApprovalPolicy, { name, risk }: Pick<Tool, 'name' | 'risk'>): string {
  const own = policy.tools[name]
  const stated = own?.require ? own : risk === 'high' ? undefined : policy.default
  if (stated?.when !== undefined) return `Asks when ${stated.when}`
  if (stated?.require === 'always') return 'Asks every time'
  if (stated?.require === 'never' || risk !== 'high') return 'Does not ask'
  return 'Asks every time, as its risk is high'
}

/** The terms that are set, such as «2 × admin, within 4 h». Empty when none are. */
export function describeTerms({ approvers, quorum, expiresAfterMs, onExpiry, allowSelf }: ApprovalTerms): string {
  const who = [...(approvers?.roles ?? []), ...(approvers?.actors ?? [])]
  return [
    quorum !== undefined && `${quorum} of them`,
    who.length > 0 && `by ${who.join(', ')}`,
    expiresAfterMs !== undefined && `within ${formatDuration(expiresAfterMs)}`,
    onExpiry !== undefined && `then ${onExpiry}`,
    allowSelf !== undefined &&
      (allowSelf ? 'also by who started the run' : 'by somebody else than who started the run'),
  ]
    .filter((part) => part !== false)
    .join(', ')
}

/** What becomes of a run whose budget is used up. */
export function describeAtBudget({ budget }: ApprovalPolicy): string {
  return budget === undefined ? 'the run fails' : `asks to raise it ${describeTerms(budget)}`.trim()
}

/** A rule with its terms in one line. */
export function describeRule(rule: (ToolRule | ApprovalPolicy['default']) | undefined, unset: string): string {
  if (rule === undefined) return unset
  const { require, when } = rule
  const need =
    require === 'when'
      ? `ask when ${when}`
      : require === 'always'
        ? 'always ask'
        : require === 'never'
          ? 'never ask'
          : unset
  return [need, describeTerms(rule)].filter((part) => part !== '').join('; ')
}
