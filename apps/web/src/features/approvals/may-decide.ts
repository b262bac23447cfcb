import type { Approval, TenantRole } from '@freehold/contracts'
import type { Session } from '../../session/session.tsx'

/** Why somebody can't decide, as the server would judge it; undefined for those who can. */
export function whyNotDecide(approval: Approval, { me, can }: Session): string | undefined {
  const { approvers, allowSelf, requestedBy, decisions, argumentsHash, kind, expiresAt } = approval
  const actor = `${me.actor.kind}:${me.actor.id}`
  if (!can('approvals:decide')) return 'You may see this, but your roles don’t let you decide.'
  if (kind === 'budget' && !can('budgets:write')) return 'Only those who may change budgets decide on more of one.'
  if (approvers.actors.length + approvers.roles.length > 0) {
    const isNamed = approvers.actors.includes(actor) || approvers.roles.some((role) => me.roles.includes(role))
    if (!isNamed) return `Its policy leaves this to ${rolesInWords(approvers.roles, approvers.actors.length > 0)}.`
  }
  if (!allowSelf && requestedBy === actor) return 'You started this run, and its policy asks for somebody else.'
  if (Date.parse(expiresAt) <= Date.now()) return 'Its time is over.'
  if (decisions.some((each) => each.actor === actor && each.argumentsHash === argumentsHash)) {
    return 'You have approved this; it waits for others.'
  }
  return undefined
}

function rolesInWords(roles: readonly TenantRole[], named: boolean): string {
  return [...roles.map((role) => `the role ${role}`), ...(named ? ['people that it names'] : [])].join(' or ')
}

/** How many have approved what would happen now. */
export function approvedBy({ decisions, argumentsHash }: Approval): number {
  return decisions.filter((each) => each.decision === 'approve' && each.argumentsHash === argumentsHash).length
}
