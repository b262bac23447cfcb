'use client'

import { useApi } from '../../api/use-api.ts'
import { Field } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'

interface PlanFieldProps {
  plan: string
  onChange: (plan: string) => void
  error?: string | undefined
}

export function PlanField({ plan, onChange, error }: PlanFieldProps) {
  const plans = useApi('listPlans')
  const names = plans.data?.items.map(({ name }) => name) ?? [plan]
  return (
    <Field label="Plan" hint="What it may take of the installation." error={error}>
      <Select value={plan} onChange={onChange} options={names.map((name) => ({ value: name, label: name }))} />
    </Field>
  )
}
