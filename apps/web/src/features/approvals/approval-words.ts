import type { ApprovalSummary, BudgetRaise } from '@freehold/contracts'
import type { Tone } from '../../ui/badge.tsx'
import { formatMoney, formatNumber } from '../../ui/format.ts'
import { readable, readableJson } from '../../ui/readable.ts'

export const statusWords: Record<ApprovalSummary['status'], { label: string; tone: Tone }> = {
  pending: { label: 'Waiting', tone: 'warn' },
  approved: { label: 'Approved', tone: 'good' },
  rejected: { label: 'Refused', tone: 'bad' },
  expired: { label: 'Nobody decided', tone: 'neutral' },
  cancelled: { label: 'No longer needed', tone: 'neutral' },
}

export const expiryWords: Record<ApprovalSummary['onExpiry'], string> = {
  reject: 'then it counts as refused',
  approve: 'then it counts as approved',
  fail: 'then the run fails',
}

/** What an approval of the kind `budget` asks for, by its arguments, which the platform wrote or checked. */
export function raiseOf({ kind, arguments: value }: ApprovalSummary): BudgetRaise | undefined {
  return kind === 'budget' ? (value as BudgetRaise) : undefined
}

export function amountOf({ limitOf, raiseBy }: BudgetRaise): string {
  if (limitOf === 'money') return formatMoney(raiseBy)
  return raiseBy === 1 ? `1 ${limitOf.slice(0, -1)}` : `${formatNumber(raiseBy)} ${limitOf}`
}

/** What is asked for, in a line. */
export function titleOf(approval: ApprovalSummary): string {
  const raise = raiseOf(approval)
  if (raise) return `Raise “${raise.name}” by ${amountOf(raise)}`
  return approval.tool === null ? readable(approval.reason) : `Call ${approval.tool}`
}

/** The arguments in a line. */
export function gistOf(approval: ApprovalSummary): string {
  const raise = raiseOf(approval)
  if (raise) return `for ${raise.subject}`
  const { arguments: value } = approval
  return readableJson(typeof value === 'string' ? value : JSON.stringify(value))
}
