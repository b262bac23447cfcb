'use client'

import type { Budget, CreateBudget } from '@freehold/contracts'
import { dollarsOf, mostDollars, nanosOf, smallestDollars } from '../../ui/dollars.ts'
import { Field, Input } from '../../ui/field.tsx'
import type { FieldErrors } from '../../ui/field-errors.ts'

type Limits = Pick<CreateBudget, 'limitNanos' | 'tokenLimit' | 'requestLimit' | 'softPercent'>

/** Under which names `LimitFields` shows what is wrong. */
export const limitFields = ['limitNanos', 'tokenLimit', 'requestLimit', 'softPercent'] as const

/** How much is allowed: of money, typed in dollars, of tokens, of calls. */
export function LimitFields({ budget, errors }: { budget?: Budget; errors: FieldErrors }) {
  const money = budget?.limitNanos ?? null
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Limit in dollars" error={errors.of('limitNanos')}>
        <Input
          name="dollars"
          type="number"
          min={0}
          max={mostDollars}
          step={smallestDollars}
          placeholder="none"
          defaultValue={money === null ? '' : dollarsOf(money)}
        />
      </Field>
      <Field label="Warn at percent" hint="Stops nothing." error={errors.of('softPercent')}>
        <Input
          name="softPercent"
          type="number"
          min={1}
          max={100}
          placeholder="never"
          defaultValue={budget?.softPercent ?? ''}
        />
      </Field>
      <Field label="Limit in tokens" error={errors.of('tokenLimit')}>
        <Input name="tokens" type="number" min={0} placeholder="none" defaultValue={budget?.tokenLimit ?? ''} />
      </Field>
      <Field label="Limit in calls of models" error={errors.of('requestLimit')}>
        <Input name="requests" type="number" min={0} placeholder="none" defaultValue={budget?.requestLimit ?? ''} />
      </Field>
    </div>
  )
}

/** What was typed; null where nothing was. */
export function readLimits(form: FormData): Limits {
  const typed = (name: string) => String(form.get(name) ?? '').trim()
  const whole = (name: string) => (typed(name) === '' ? null : Number(typed(name)))
  return {
    limitNanos: nanosOf(typed('dollars')),
    tokenLimit: whole('tokens'),
    requestLimit: whole('requests'),
    softPercent: whole('softPercent'),
  }
}
