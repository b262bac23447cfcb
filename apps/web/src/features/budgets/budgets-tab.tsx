'use client'

import { Plus, Wallet } from 'lucide-react'
import { useState } from 'react'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { BudgetItem } from './budget-item.tsx'

const NewBudget = onDemand(() => import('./new-budget.tsx').then((module) => module.NewBudget))
const everyMs = 5_000

export function BudgetsTab() {
  const { can } = useSession()
  const [isCreating, setCreating] = useState(false)
  const budgets = usePages('listBudgets', {}, everyMs)
  const create = can('budgets:write') && (
    <Button kind="primary" onClick={() => setCreating(true)}>
      <Plus /> New budget
    </Button>
  )
  const empty = (
    <EmptyState icon={<Wallet />} title="No budgets yet">
      A budget is a limit that holds: a call of a model that doesn’t fit is not made, however many run at once. Begin
      with one for the whole tenant and month.
    </EmptyState>
  )
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-prose text-soft">
          Every budget that applies must have room for a call. What is under way is reserved at its worst case.
        </p>
        {create}
      </div>
      <Paged list={budgets} empty={empty}>
        {(items) => (
          <ul aria-label="Budgets" className="divide-y divide-line">
            {items.map((budget) => (
              <li key={budget.id}>
                <BudgetItem budget={budget} />
              </li>
            ))}
          </ul>
        )}
      </Paged>
      {isCreating && <NewBudget onClose={() => setCreating(false)} />}
    </div>
  )
}
