'use client'

import type { StartSupport as Support, TenantHealth } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { Field, Input, TextArea } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'

type Role = Support['roles'][number]

const roles: readonly { value: Role; label: string }[] = [
  { value: 'viewer', label: 'look on' },
  { value: 'operator', label: 'start, stop and approve' },
  { value: 'builder', label: 'change agents' },
]

/** Into a tenant for a while, seen by its people, and straight to its pages. */
export function StartSupport({ tenant: { id, name }, onClose }: { tenant: TenantHealth; onClose: () => void }) {
  const [role, setRole] = useState<Role>('viewer')
  const start = useAct('startSupport', {
    changes: [],
    // A page of its own: who one is there is asked anew.
    onDone: () => window.location.assign(`/t/${encodeURIComponent(name)}`),
    quiet: true,
  })
  const errors = fieldErrors(start.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`Support ${name}`}
      about="You join the tenant as yourself. Its people see who you are, what for and until when, and can end it."
      action="Join"
      busy={start.isPending || start.isSuccess}
      error={errors.rest('reason', 'roles', 'minutes')}
      onSubmit={(form) =>
        start.mutate({
          params: { id },
          body: { reason: String(form.get('reason')), roles: [role], minutes: Number(form.get('minutes')) },
        })
      }
    >
      <Field label="Reason" hint="The tenant reads it." error={errors.of('reason')}>
        <TextArea name="reason" required maxLength={500} autoFocus />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="To" error={errors.of('roles')}>
          <Select value={role} onChange={setRole} options={roles} />
        </Field>
        <Field label="Minutes" error={errors.of('minutes')}>
          <Input name="minutes" type="number" min={1} max={480} defaultValue={60} required />
        </Field>
      </div>
    </FormDialog>
  )
}
