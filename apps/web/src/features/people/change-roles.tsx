'use client'

import type { Member } from '@freehold/contracts'
import { useState } from 'react'
import { findInPages } from '../../api/find-in-pages.ts'
import { merge } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { memberName } from './member-name.ts'
import { membersQuery } from './members-query.ts'
import { RoleField } from './role-field.tsx'

export function ChangeRoles({ member, onClose }: { member: Member; onClose: () => void }) {
  const [roles, setRoles] = useState(member.roles)
  const name = memberName(member)
  const update = useAct('updateMember', {
    changes: ['listMembers', 'listKeys', 'listInvitations'],
    done: `${name} has other roles now`,
    onDone: onClose,
    quiet: true,
  })
  const submit = () =>
    update.mutate(async (client) => {
      const list = (from: object) => client.listMembers({ query: { ...membersQuery.query, ...from } })
      const newest = await findInPages(list, ({ id }) => id === member.id)
      return { params: { id: member.id }, body: { roles: merge(member.roles, roles, newest?.roles ?? member.roles) } }
    })
  const errors = fieldErrors(update.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`Roles of ${name}`}
      about="They hold within five seconds. Keys that they made and that can do more are revoked."
      action="Save"
      busy={update.isPending}
      error={errors.rest('roles')}
      onSubmit={submit}
    >
      <RoleField label="In the whole tenant" roles={roles} onChange={setRoles} error={errors.of('roles')} />
      {roles.length === 0 && (
        <p className="text-soft">Without a role here they are only what they are in their teams.</p>
      )}
    </FormDialog>
  )
}
