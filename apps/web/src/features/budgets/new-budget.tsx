'use client'

import type { Budget } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import { periodWords, scopeWords } from './budget-words.ts'
import { LimitFields, limitFields, readLimits } from './limit-fields.tsx'
import { ScopeIdField } from './scope-id-field.tsx'

type ScopeKind = Budget['scope']['kind']

const kinds: readonly ScopeKind[] = ['tenant', 'team', 'agent', 'user', 'run', 'api_key']
const periods: readonly Budget['period'][] = ['hour', 'day', 'month', 'total']

export function NewBudget({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState<ScopeKind>('tenant')
  const [period, setPeriod] = useState<Budget['period']>('month')
  const create = useAct('createBudget', {
    changes: ['listBudgets'],
    done: ({ name }) => `The budget ${name} holds from now on`,
    onDone: onClose,
    quiet: true,
  })
  const errors = fieldErrors(create.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title="New budget"
      about="Give one limit at least. A call that doesn’t fit is not made."
      action="Make budget"
      busy={create.isPending}
      error={errors.rest('name', 'scope', 'period', ...limitFields)}
      onSubmit={(form) => {
        const id = String(form.get('scopeId') ?? '').trim()
        const scope = { kind, ...(id !== '' && { id }) }
        create.mutate({ body: { name: String(form.get('name')), scope, period, ...readLimits(form) } })
      }}
    >
      <Field label="Name" error={errors.of('name')}>
        <Input name="name" required maxLength={100} autoFocus />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Limits" error={errors.of('scope')}>
          <Select
            value={kind}
            onChange={setKind}
            options={kinds.map((value) => ({ value, label: scopeWords[value].each }))}
          />
        </Field>
        <Field label="Begins anew" error={errors.of('period')}>
          <Select
            value={period}
            onChange={setPeriod}
            options={periods.map((value) => ({ value, label: value === 'total' ? 'never' : periodWords[value] }))}
          />
        </Field>
      </div>
      <ScopeIdField key={kind} kind={kind} />
      <LimitFields errors={errors} />
    </FormDialog>
  )
}
