'use client'

import type { Budget } from '@freehold/contracts'
import { useState } from 'react'
import { changesOf } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { LimitFields, limitFields, readLimits } from './limit-fields.tsx'

export function ChangeBudget({ budget: newest, onClose }: { budget: Budget; onClose: () => void }) {
  // The list behind goes on being read, and the fields hold what was there when they were opened.
  const [budget] = useState(newest)
  const change = useAct('updateBudget', {
    changes: ['listBudgets', 'getBudget'],
    done: 'The budget is changed',
    onDone: onClose,
    quiet: true,
  })
  const errors = fieldErrors(change.error)
  const submit = (form: FormData) => {
    const { name, limitNanos, tokenLimit, requestLimit, softPercent } = budget
    const before = { name, limitNanos, tokenLimit, requestLimit, softPercent }
    const body = changesOf(before, { name: String(form.get('name')), ...readLimits(form) })
    if (body) change.mutate({ params: { id: budget.id }, body })
    else onClose()
  }
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`Change ${budget.name}`}
      about="What is spent stays. The new limit holds for the next call."
      action="Change"
      busy={change.isPending}
      error={errors.rest('name', ...limitFields)}
      onSubmit={submit}
    >
      <Field label="Name" error={errors.of('name')}>
        <Input name="name" required maxLength={100} defaultValue={budget.name} />
      </Field>
      <LimitFields budget={budget} errors={errors} />
    </FormDialog>
  )
}
