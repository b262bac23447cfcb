'use client'

import type { TenantRole } from '@freehold/contracts'
import { permissionsOf, tenantRoles } from '@freehold/contracts/browser'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { Code } from '../../ui/code.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'

export function CreateKey({ onClose }: { onClose: () => void }) {
  const { can } = useSession()
  const [role, setRole] = useState<TenantRole>('operator')
  const create = useAct('createKey', { changes: ['listKeys'], quiet: true })
  if (create.data) return <NewKey apiKey={create.data.apiKey} onClose={onClose} />
  const errors = fieldErrors(create.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title="New key"
      action="Make key"
      busy={create.isPending}
      error={errors.rest('name')}
      onSubmit={(form) =>
        create.mutate({
          body: { name: String(form.get('name')), roles: [role], scopes: permissionsOf([role]).filter(can) },
        })
      }
    >
      <Field label="Name" hint="The program that will use it." error={errors.of('name')}>
        <Input name="name" required maxLength={100} autoFocus />
      </Field>
      <Field label="It may do what this role may">
        <Select value={role} onChange={setRole} options={tenantRoles.map((each) => ({ value: each, label: each }))} />
      </Field>
    </FormDialog>
  )
}

function NewKey({ apiKey, onClose }: { apiKey: string; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="The new key"
      about="Copy it now: it is not shown again."
      footer={
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <Code text={apiKey} label="Key" />
    </Dialog>
  )
}
