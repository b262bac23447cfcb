import type { ApprovalPolicy } from '@freehold/contracts'
import { describeAtBudget, describeRule } from '../configuration/approval-words.ts'
import { type DraftedConfig, limitFields } from '../configuration/draft.ts'

/** What differs between two configurations, in the order and in the words of the form. */
export type Change =
  | { kind: 'text'; label: string; from: string; to: string }
  | { kind: 'list'; label: string; removed: string[]; added: string[] }
  | { kind: 'value'; label: string; from: string; to: string }

export function changesBetween(from: DraftedConfig, to: DraftedConfig): Change[] {
  const values: [label: string, from: string, to: string][] = [
    ['Description', from.description, to.description],
    ['Model', from.model, to.model],
    ['Fallback models', from.fallbackModels.join(', '), to.fallbackModels.join(', ')],
  ]
  const later: typeof values = [
    ...limitFields.map(({ name, label, unit, perUnit }): (typeof values)[number] => {
      const shown = ({ limits }: DraftedConfig) => {
        const limit = limits[name]
        return limit === undefined ? 'the default' : `${limit / perUnit} ${unit}`.trim()
      }
      return [label, shown(from), shown(to)]
    }),
    ...approvalValues(from.approvals, to.approvals),
    ['Program', from.program, to.program],
  ]
  const removed = from.tools.filter((tool) => !to.tools.includes(tool))
  const added = to.tools.filter((tool) => !from.tools.includes(tool))
  return [
    ...differing(values),
    ...(from.prompts.system === to.prompts.system
      ? []
      : [{ kind: 'text' as const, label: 'Prompt', from: from.prompts.system, to: to.prompts.system }]),
    ...(removed.length + added.length > 0 ? [{ kind: 'list' as const, label: 'Tools', removed, added }] : []),
    ...differing(later),
  ]
}

function approvalValues(from: ApprovalPolicy, to: ApprovalPolicy): [string, string, string][] {
  const tools = [...new Set([...Object.keys(from.tools), ...Object.keys(to.tools)])]
  return [
    ['Approval of tools', describeRule(from.default, 'by their risk'), describeRule(to.default, 'by their risk')],
    ...tools.map((tool): [string, string, string] => [
      `Approval of ${tool}`,
      describeRule(from.tools[tool], 'as for all tools'),
      describeRule(to.tools[tool], 'as for all tools'),
    ]),
    ['At a budget', describeAtBudget(from), describeAtBudget(to)],
  ]
}

function differing(values: [label: string, from: string, to: string][]): Change[] {
  return values
    .filter(([, before, after]) => before !== after)
    .map(([label, before, after]) => ({ kind: 'value', label, from: before, to: after }))
}
