'use client'

import type { NearBudget } from '@freehold/contracts'
import Link from 'next/link'
import { useSession } from '../../session/session.tsx'
import { Meter } from '../../ui/charts/meter.tsx'
import { formatCompact, formatMoney } from '../../ui/format.ts'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'

export function BudgetsCard({ budgets }: { budgets: readonly NearBudget[] }) {
  const { can, path } = useSession()
  return (
    <Card
      title="Budgets nearest their limit"
      actions={
        <Link href={path('/usage?tab=budgets')} className="text-soft hover:text-ink hover:underline">
          All
        </Link>
      }
    >
      {budgets.length === 0 && (
        <p className="px-4 py-6 text-center text-soft">
          No budget yet. With one, agents can’t spend past it.{' '}
          {can('budgets:write') && (
            <Link href={path('/usage?tab=budgets')} className="text-accent underline">
              Set a budget
            </Link>
          )}
        </p>
      )}
      <ul className="flex flex-col gap-4 p-4 empty:hidden">
        {budgets.map((budget) => (
          <li key={`${budget.id} ${budget.subject}`}>
            <Allowance budget={budget} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Allowance({ budget }: { budget: NearBudget }) {
  const { me } = useSession()
  const { name, subject, measure, spent, reserved, allowed, resetsAt } = budget
  const format = measure === 'nanos' ? formatMoney : formatCompact
  const unit = measure === 'nanos' ? '' : ` ${measure}`
  const text = `${format(spent)}${reserved > 0 ? ` + ${format(reserved)} reserved` : ''} of ${format(allowed)}${unit}`
  return (
    <>
      <div className="mb-1.5 flex justify-between gap-3">
        <span className="min-w-0 truncate font-medium">
          {name}
          {subject !== me.tenant?.id && subject !== name && (
            <span className="font-normal text-faint"> · {subject}</span>
          )}
        </span>
        <span className="shrink-0 text-soft tabular-nums">{text}</span>
      </div>
      <Meter label={name} text={text} used={spent} reserved={reserved} limit={allowed} />
      {resetsAt !== null && (
        <p className="mt-1 text-xs text-faint">
          Begins anew <Time at={resetsAt} />
        </p>
      )}
    </>
  )
}
