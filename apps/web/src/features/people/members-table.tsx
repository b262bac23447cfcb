'use client'

import type { Member } from '@freehold/contracts'
import { Bot } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { RowActions } from '../../ui/row-actions.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { memberName } from './member-name.ts'
import { membersQuery } from './members-query.ts'
import { RoleBadges } from './role-field.tsx'
import { givableRoles } from './roles.ts'

const ChangeRoles = onDemand(() => import('./change-roles.tsx').then((module) => module.ChangeRoles))

export function MembersTable() {
  const members = usePages('listMembers', membersQuery)
  const [changed, setChanged] = useState<Member>()
  const columns = (all: readonly Member[]): Column<Member>[] => [
    { key: 'who', title: 'Member', className: 'max-w-36 md:max-w-72', cell: (member) => <Who member={member} /> },
    { key: 'roles', title: 'Roles', cell: ({ roles }) => <RoleBadges roles={roles} none="in teams only" /> },
    { key: 'source', title: 'By', wide: true, cell: ({ source }) => describeSource(source) },
    { key: 'joined', title: 'Since', right: true, wide: true, cell: ({ joinedAt }) => <Time at={joinedAt} /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (member) => (
        <MemberActions member={member} isLastOwner={isLastOwner(member, all)} onChange={() => setChanged(member)} />
      ),
    },
  ]
  return (
    <>
      <Paged list={members} empty={<EmptyState title="Nobody belongs to this tenant" />}>
        {(items) => <Table label="Members" columns={columns(items)} rows={items} rowKey={({ id }) => id} />}
      </Paged>
      {changed && <ChangeRoles member={changed} onClose={() => setChanged(undefined)} />}
    </>
  )
}

function Who({ member }: { member: Member }) {
  const { me } = useSession()
  const { id, kind, name, email } = member
  return (
    <>
      <span className="flex flex-wrap items-center gap-x-2 font-medium">
        <span className="truncate">{memberName(member)}</span>
        {kind === 'service' && (
          <Badge>
            <Bot aria-hidden /> service account
          </Badge>
        )}
        {id === me.actor.id && <Badge>you</Badge>}
      </span>
      {name !== null && email !== null && <span className="block truncate text-xs text-faint">{email}</span>}
    </>
  )
}

function MemberActions({
  member,
  isLastOwner,
  onChange,
}: {
  member: Member
  isLastOwner: boolean
  onChange: () => void
}) {
  const { can, me } = useSession()
  const { id, kind, roles } = member
  const name = memberName(member)
  const remove = useAct('removeMember', {
    changes: ['listMembers', 'listKeys', 'listInvitations'],
    done: `${name} is no member any more`,
  })
  const givable = givableRoles(me.roles)
  const mayRemove = can('members:write') && !isLastOwner && roles.every((role) => givable.includes(role))
  return (
    <RowActions
      of={name}
      actions={[
        can('members:write') && { label: 'Change roles…', onSelect: onChange },
        mayRemove && {
          label: 'Remove',
          danger: true,
          question: {
            title: `Remove ${name}?`,
            about:
              kind === 'service'
                ? 'Its keys stop working within five seconds. This can’t be undone.'
                : 'They see nothing of this tenant within five seconds. Their keys are revoked, what else they made stays. You can invite them again.',
            action: 'Remove',
            onConfirm: () => remove.mutateAsync({ params: { id } }),
          },
        },
      ]}
    />
  )
}

function isLastOwner({ id }: Member, all: readonly Member[]): boolean {
  const owners = all.filter(
    ({ roles, kind, expiresAt }) => roles.includes('owner') && kind === 'person' && expiresAt === null,
  )
  return owners.length === 1 && owners[0]?.id === id
}

function describeSource(source: string): string {
  if (source.startsWith('claim:')) return `tokens of ${source.slice('claim:'.length)}`
  return source === 'service' ? 'made here' : source
}
