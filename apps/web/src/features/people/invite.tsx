'use client'

import type { CreatedInvitation, TenantRole } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import { ShownOnce } from '../../ui/shown-once.tsx'
import { RoleField } from './role-field.tsx'

const wholeTenant = ''

/** Invites somebody into the whole tenant or a team of it. */
export function Invite({ onClose }: { onClose: () => void }) {
  const [roles, setRoles] = useState<TenantRole[]>(['viewer'])
  const [team, setTeam] = useState(wholeTenant)
  const teams = usePages('listTeams', { query: { limit: 200 } })
  const create = useAct('createInvitation', { changes: ['listInvitations'], quiet: true })
  if (create.data) return <Invited invitation={create.data} onClose={onClose} />
  const errors = fieldErrors(create.error)
  const reach = team === wholeTenant ? { roles } : { teams: [{ id: team, roles }] }
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title="Invite somebody"
      action="Invite"
      busy={create.isPending}
      error={errors.rest('email', 'roles', 'teams', 'expiresInDays')}
      onSubmit={(form) =>
        create.mutate({
          body: { email: String(form.get('email')), ...reach, expiresInDays: Number(form.get('days')) },
        })
      }
    >
      <Field label="Email" hint="Only who proves this address can accept." error={errors.of('email')}>
        <Input name="email" type="email" required maxLength={254} autoFocus />
      </Field>
      {teams.items !== undefined && teams.items.length > 0 && (
        <Field label="Joins" hint="Who is in a team only sees what the team has.">
          <Select
            value={team}
            onChange={setTeam}
            options={[
              { value: wholeTenant, label: 'the whole tenant' },
              ...teams.items.map(({ id, name }) => ({ value: id, label: `the team ${name}` })),
            ]}
          />
        </Field>
      )}
      <RoleField label="As" roles={roles} onChange={setRoles} error={errors.of('roles') ?? errors.of('teams')} />
      <Field label="Good for days" error={errors.of('expiresInDays')}>
        <Input name="days" type="number" min={1} max={30} defaultValue={7} required />
      </Field>
    </FormDialog>
  )
}

function Invited({ invitation: { email, token }, onClose }: { invitation: CreatedInvitation; onClose: () => void }) {
  return (
    <ShownOnce
      title={`${email} is invited`}
      about="A mail with this link is on its way. You can also pass it on yourself: it is not shown again, and works for that address only."
      label="Link"
      text={`${window.location.origin}/invitations/${token}`}
      onClose={onClose}
    />
  )
}
