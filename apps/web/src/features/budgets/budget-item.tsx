'use client'

import type { Budget, BudgetWindow } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Meter } from '../../ui/charts/meter.tsx'
import { formatMoney } from '../../ui/format.ts'
import { onDemand } from '../../ui/on-demand.ts'
import { RowActions } from '../../ui/row-actions.tsx'
import { Time } from '../../ui/time.tsx'
import { measures, periodWords } from './budget-words.ts'
import { ScopeName } from './scope-name.tsx'

const ChangeBudget = onDemand(() => import('./change-budget.tsx').then((module) => module.ChangeBudget))

export function BudgetItem({ budget }: { budget: Budget }) {
  const { name, scope, period, windows, softPercent } = budget
  const limits = measures.flatMap(({ limit, formatLimit, unit }) => {
    const allowed = budget[limit]
    return allowed === null ? [] : [`${formatLimit(allowed)}${unit(allowed)}`]
  })
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_max-content] gap-x-8 gap-y-3 px-4 py-4 md:grid-cols-[16rem_minmax(0,1fr)_max-content]">
      <div className="min-w-0">
        <h3 className="font-medium break-words">{name}</h3>
        <p className="text-soft">
          {limits.join(', ')} {periodWords[period]}
        </p>
        <p className="break-words text-soft">
          <ScopeName scope={scope} />
        </p>
        {softPercent !== null && <p className="text-xs text-soft">Warns at {softPercent} %</p>}
      </div>
      <div className="flex min-w-0 flex-col gap-4 max-md:col-span-2 max-md:row-start-2">
        {windows.length === 0 && <p className="text-soft">Nobody has used any of it in this period.</p>}
        {windows.map((window) => (
          <Window key={window.subject} budget={budget} window={window} />
        ))}
      </div>
      <Actions budget={budget} />
    </div>
  )
}

/** What one of them has used and has left. */
function Window({ budget, window }: { budget: Budget; window: BudgetWindow }) {
  const { subject, resetsAt, forecastNanos, nanos, warned } = window
  const isOver = forecastNanos !== null && nanos.allowed !== null && forecastNanos > nanos.allowed
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {budget.scope.kind !== 'tenant' && budget.scope.id === null && <p className="truncate font-medium">{subject}</p>}
      {measures.map(({ name, window: measure, format, formatLimit, unit }) => {
        const { allowed, spent, reserved } = window[measure]
        if (allowed === null) return null
        const text = `${format(spent)} of ${formatLimit(allowed)}${unit(allowed)}${reserved > 0 ? `, ${format(reserved)} reserved` : ''}`
        return (
          <div key={measure}>
            <p className="mb-1 text-xs text-soft tabular-nums">{text}</p>
            <Meter label={`${budget.name}: ${name}`} text={text} used={spent} reserved={reserved} limit={allowed} />
          </div>
        )
      })}
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-soft">
        {resetsAt !== null && (
          <span>
            Begins anew <Time at={resetsAt} />
          </span>
        )}
        {forecastNanos !== null && nanos.allowed !== null && (
          <span className={isOver ? 'text-warn' : undefined}>
            {formatMoney(forecastNanos)} by then, if it goes on like this
          </span>
        )}
        {warned && <Badge tone="warn">Warned</Badge>}
      </p>
    </div>
  )
}

function Actions({ budget }: { budget: Budget }) {
  const { can } = useSession()
  const [isEditing, setEditing] = useState(false)
  const { id, name } = budget
  const remove = useAct('deleteBudget', { changes: ['listBudgets'], done: `The budget ${name} is deleted` })
  if (!can('budgets:write')) return null
  return (
    <div>
      <RowActions
        of={name}
        actions={[
          { label: 'Change…', onSelect: () => setEditing(true) },
          {
            label: 'Delete…',
            danger: true,
            question: {
              title: `Delete ${name}?`,
              about: 'It limits no further call. What was spent stays in the usage.',
              action: 'Delete budget',
              onConfirm: () => remove.mutateAsync({ params: { id } }),
            },
          },
        ]}
      />
      {isEditing && <ChangeBudget budget={budget} onClose={() => setEditing(false)} />}
    </div>
  )
}
