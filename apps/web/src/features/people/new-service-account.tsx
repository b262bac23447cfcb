'use client'

import type { TenantRole } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { RoleField } from './role-field.tsx'

export function NewServiceAccount({ onClose }: { onClose: () => void }) {
  const [roles, setRoles] = useState<TenantRole[]>(['operator'])
  const create = useAct('createServiceAccount', {
    changes: ['listMembers'],
    done: ({ name }) => `${name} is made; give it a key on the page Keys`,
    onDone: onClose,
    quiet: true,
  })
  const errors = fieldErrors(create.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title="New service account"
      about="A member that is no person: it acts by keys, and stays when whoever made it leaves."
      action="Make account"
      busy={create.isPending}
      error={errors.rest('name', 'roles')}
      onSubmit={(form) => create.mutate({ body: { name: String(form.get('name')), roles } })}
    >
      <Field label="Name" hint="The program that acts as it." error={errors.of('name')}>
        <Input name="name" required maxLength={100} autoFocus />
      </Field>
      <RoleField label="In the whole tenant" roles={roles} onChange={setRoles} error={errors.of('roles')} />
    </FormDialog>
  )
}
