'use client'

import type { Invitation } from '@freehold/contracts'
import { MailPlus } from 'lucide-react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { EmptyState, Section } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { RoleBadges } from './role-field.tsx'

const tones: Record<Invitation['status'], Tone> = {
  pending: 'info',
  accepted: 'good',
  revoked: 'neutral',
  expired: 'warn',
}

export function InvitationsSection() {
  const { can } = useSession()
  const invitations = usePages('listInvitations', {})
  const columns: Column<Invitation>[] = [
    {
      key: 'email',
      title: 'Email',
      className: 'max-w-32 truncate font-medium md:max-w-64',
      cell: ({ email }) => email,
    },
    { key: 'status', title: 'State', cell: ({ status }) => <Badge tone={tones[status]}>{status}</Badge> },
    { key: 'roles', title: 'As', wide: true, cell: (invitation) => <InvitedAs invitation={invitation} /> },
    {
      key: 'expires',
      title: 'Good until',
      right: true,
      wide: true,
      cell: ({ status, expiresAt }) => status === 'pending' && <Time at={expiresAt} />,
    },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (invitation) =>
        can('members:write') && invitation.status === 'pending' && <Revoke invitation={invitation} />,
    },
  ]
  const empty = (
    <EmptyState icon={<MailPlus />} title="No invitations yet">
      Whoever you invite gets a mail with a link, and is a member once they have followed it and signed in.
    </EmptyState>
  )
  return (
    <Section title="Invitations">
      <Paged list={invitations} empty={empty}>
        {(items) => <Table label="Invitations" columns={columns} rows={items} rowKey={({ id }) => id} />}
      </Paged>
    </Section>
  )
}

function InvitedAs({ invitation: { roles, teams } }: { invitation: Invitation }) {
  const all = [...new Set([...roles, ...teams.flatMap((team) => team.roles)])]
  return (
    <span className="flex flex-wrap items-center gap-1">
      <RoleBadges roles={all} none="–" />
      {teams.length > 0 && <span className="text-xs text-faint">in {teams.length === 1 ? 'a team' : 'teams'}</span>}
    </span>
  )
}

function Revoke({ invitation: { id, email } }: { invitation: Invitation }) {
  const revoke = useAct('revokeInvitation', {
    changes: ['listInvitations'],
    done: `The invitation of ${email} is taken back`,
  })
  return (
    <Confirm
      trigger={
        <Button size="small" aria-label={`Take back the invitation of ${email}`}>
          Take back
        </Button>
      }
      title={`Take back the invitation of ${email}?`}
      about="Its link stops working. You can invite them again."
      action="Take back"
      onConfirm={() => revoke.mutateAsync({ params: { id } })}
    />
  )
}
