import type { TenantDefinition } from '@freehold/contracts'
import { nanosOf } from '../../../ui/dollars.ts'

/** What was put into the wizard so far. */
export interface Draft {
  name: string
  plan: string
  owner: string
  team: string
  hasAgent: boolean
  dollars: string
}

export const emptyDraft: Draft = { name: '', plan: 'standard', owner: '', team: '', hasAgent: true, dollars: '' }

/** Works with the demo model, too, so that the tenant can try it before it has a provider of models. */
const firstAgent = {
  name: 'assistant',
  description: 'Answers, calculates and tells the time.',
  prompts: { system: 'You are a helpful assistant. Use your tools where they help, and answer in a few sentences.' },
  tools: ['calculate', 'current_time'],
}

export function definitionOf({ name, plan, owner, team, hasAgent, dollars }: Draft) {
  const limitNanos = nanosOf(dollars)
  return {
    name,
    plan,
    ...(owner !== '' && { owners: [owner] }),
    ...(team !== '' && { teams: [team] }),
    ...(hasAgent && { agents: [firstAgent] }),
    ...(limitNanos !== null && {
      budgets: [{ name: 'whole tenant', period: 'month' as const, limitNanos, softPercent: 80 }],
    }),
  } satisfies Partial<Record<keyof TenantDefinition, unknown>>
}
