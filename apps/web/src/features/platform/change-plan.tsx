'use client'

import type { TenantHealth } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { changedByTenant } from './changed-by-tenant.ts'
import { PlanField } from './plan-field.tsx'

export function ChangePlan({ tenant: { id, name, plan }, onClose }: { tenant: TenantHealth; onClose: () => void }) {
  const [chosen, setChosen] = useState(plan)
  const change = useAct('setTenantPlan', {
    changes: changedByTenant,
    done: (tenant) => `${name} is on the plan ${tenant.plan.name}`,
    onDone: onClose,
    quiet: true,
  })
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`Plan of ${name}`}
      about="It holds at once. What the tenant has already stays, even past the new quotas."
      action="Change plan"
      busy={change.isPending}
      error={fieldErrors(change.error).rest()}
      onSubmit={() => change.mutate({ params: { id }, body: { plan: chosen } })}
    >
      <PlanField plan={chosen} onChange={setChosen} />
    </FormDialog>
  )
}
