'use client'

import type { Team, TeamMember, TenantRole } from '@freehold/contracts'
import { useState } from 'react'
import { findInPages } from '../../api/find-in-pages.ts'
import { merge } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { Field } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import { memberName } from '../people/member-name.ts'
import { membersQuery } from '../people/members-query.ts'
import { RoleField } from '../people/role-field.tsx'

interface TeamMemberFormProps {
  team: Team
  /** Whose roles change; somebody new when absent. */
  member?: TeamMember
  /** Who is in the team already. */
  present: readonly string[]
  onClose: () => void
}

export function TeamMemberForm({ team, member, present, onClose }: TeamMemberFormProps) {
  const [person, setPerson] = useState(member?.id ?? '')
  const [roles, setRoles] = useState<TenantRole[]>(member?.roles ?? ['viewer'])
  const put = useAct('putTeamMember', {
    changes: ['listTeamMembers'],
    done: (set) => `${memberName(set)} is ${set.roles.join(', ')} in ${team.name}`,
    onDone: onClose,
    quiet: true,
  })
  const submit = () => {
    const params = { id: team.id, person }
    if (!member) return put.mutate({ params, body: { roles } })
    put.mutate(async (client) => {
      const list = (query: object) => client.listTeamMembers({ params: { id: team.id }, query })
      const newest = await findInPages(list, ({ id }) => id === member.id)
      return { params, body: { roles: merge(member.roles, roles, newest?.roles ?? member.roles) } }
    })
  }
  const errors = fieldErrors(put.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={member ? `Roles of ${memberName(member)}` : `Add to ${team.name}`}
      action={member ? 'Save' : 'Add'}
      busy={put.isPending}
      error={errors.rest('person', 'roles')}
      onSubmit={submit}
    >
      {!member && <PersonField value={person} onChange={setPerson} present={present} error={errors.of('person')} />}
      <RoleField label="In the team" roles={roles} onChange={setRoles} error={errors.of('roles')} />
    </FormDialog>
  )
}

interface PersonFieldProps {
  value: string
  onChange: (person: string) => void
  present: readonly string[]
  error: string | undefined
}

function PersonField({ value, onChange, present, error }: PersonFieldProps) {
  const members = usePages('listMembers', membersQuery)
  const others = members.items?.filter(({ id }) => !present.includes(id)) ?? []
  return (
    <Field label="Member" hint="Whoever is no member of the tenant yet has to be invited." error={error}>
      <Select
        value={value}
        onChange={onChange}
        required
        options={[
          { value: '', label: 'Choose somebody' },
          ...others.map((each) => ({ value: each.id, label: memberName(each) })),
        ]}
      />
    </Field>
  )
}
