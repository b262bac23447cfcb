import type { AuditAction } from '@freehold/contracts'
import { auditActions } from '@freehold/contracts/browser'

export const filterNames = ['actor', 'action', 'subject', 'from', 'to'] as const
export type Filters = Partial<Record<string, string>>

/** What the address says, as the API takes it: days are those of the person's own clock, the last of them included. */
export function queryOfFilters({ actor, action, subject, from, to }: Filters) {
  const isAction = (text: string | undefined): text is AuditAction => auditActions.some((each) => each === text)
  return {
    ...(actor && { actor }),
    ...(isAction(action) && { action }),
    ...(subject && { subject }),
    ...startOf('from', from, 0),
    ...startOf('to', to, 1),
  }
}

/** What is no day is left out. */
function startOf(name: 'from' | 'to', day: string | undefined, daysLater: number): { from?: string; to?: string } {
  const at = new Date(`${day}T00:00`)
  if (day === undefined || Number.isNaN(at.getTime())) return {}
  at.setDate(at.getDate() + daysLater)
  return { [name]: at.toISOString() }
}
