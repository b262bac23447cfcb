import { Facts } from '../../../ui/facts.tsx'
import { formatExactMoney } from '../../../ui/format.ts'
import { type Draft, definitionOf } from './draft.ts'

export function Review({ draft }: { draft: Draft }) {
  const { name, plan, owners, teams, agents, budgets } = definitionOf(draft)
  return (
    <Facts
      facts={[
        ['Name', name],
        ['Plan', plan],
        ['Owner', owners?.join(', ') ?? 'nobody yet'],
        ['Team', teams?.join(', ') ?? 'none'],
        ['Agent', agents?.map((agent) => agent.name).join(', ') ?? 'none'],
        ['Budget', budgets?.map(({ limitNanos }) => `${formatExactMoney(limitNanos)} per month`).join() ?? 'no limit'],
      ]}
    />
  )
}
