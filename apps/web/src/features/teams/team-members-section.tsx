'use client'

import type { Team, TeamMember } from '@freehold/contracts'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Section } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { RowActions } from '../../ui/row-actions.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { memberName } from '../people/member-name.ts'
import { RoleBadges } from '../people/role-field.tsx'

const TeamMemberForm = onDemand(() => import('./team-member-form.tsx').then((module) => module.TeamMemberForm))

export function TeamMembersSection({ team }: { team: Team }) {
  const { can } = useSession()
  const [open, setOpen] = useState<TeamMember | 'new'>()
  const members = usePages('listTeamMembers', { params: { id: team.id } })
  const add = can('teams:write') && (
    <Button onClick={() => setOpen('new')}>
      <Plus /> Add member
    </Button>
  )
  const columns: Column<TeamMember>[] = [
    {
      key: 'who',
      title: 'Member',
      className: 'max-w-36 md:max-w-72',
      cell: (member) => (
        <>
          <span className="block truncate font-medium">{memberName(member)}</span>
          {member.name !== null && <span className="block truncate text-xs text-faint">{member.email}</span>}
        </>
      ),
    },
    { key: 'roles', title: 'Roles in the team', cell: ({ roles }) => <RoleBadges roles={roles} none="none" /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (member) => can('teams:write') && <Actions team={team} member={member} onChange={() => setOpen(member)} />,
    },
  ]
  const empty = (
    <EmptyState title="Nobody is in this team yet">
      Add a member of the tenant, or invite somebody into the team on the page Members.
    </EmptyState>
  )
  return (
    <Section title="Members" actions={add}>
      <Paged list={members} empty={empty}>
        {(items) => <Table label="Members of the team" columns={columns} rows={items} rowKey={({ id }) => id} />}
      </Paged>
      {open && (
        <TeamMemberForm
          team={team}
          {...(open !== 'new' && { member: open })}
          present={members.items?.map(({ id }) => id) ?? []}
          onClose={() => setOpen(undefined)}
        />
      )}
    </Section>
  )
}

function Actions({ team, member, onChange }: { team: Team; member: TeamMember; onChange: () => void }) {
  const name = memberName(member)
  const remove = useAct('removeTeamMember', {
    changes: ['listTeamMembers'],
    done: `${name} is in ${team.name} no more`,
  })
  return (
    <RowActions
      of={name}
      actions={[
        { label: 'Change roles…', onSelect: onChange },
        {
          label: 'Take out',
          danger: true,
          question: {
            title: `Take ${name} out of ${team.name}?`,
            about: 'They see what the team has no more, within five seconds. You can add them again.',
            action: 'Take out',
            onConfirm: () => remove.mutateAsync({ params: { id: team.id, person: member.id } }),
          },
        },
      ]}
    />
  )
}
