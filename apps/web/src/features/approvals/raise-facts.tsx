import type { BudgetRaise } from '@freehold/contracts'
import { Facts } from '../../ui/facts.tsx'
import { amountOf } from './approval-words.ts'

/** More of a budget, for one user, agent or run, until it begins anew. */
export function RaiseFacts({ raise }: { raise: BudgetRaise }) {
  return (
    <Facts
      facts={[
        ['Budget', raise.name],
        ['For', raise.subject],
        ['More by', <strong key="by">{amountOf(raise)}</strong>],
        ['Holds', 'until the budget begins anew; its own limit stays as it is'],
      ]}
    />
  )
}
