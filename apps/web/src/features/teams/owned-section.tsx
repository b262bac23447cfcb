'use client'

import type { Ownership, Team } from '@freehold/contracts'
import { Boxes } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Section } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { RowActions } from '../../ui/row-actions.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { isOwnedKind, useNamesOfOwned } from './owned-kinds.ts'
import { allOwners, allTeams } from './queries.ts'

const GiveForm = onDemand(() => import('./give-form.tsx').then((module) => module.GiveForm))

/** What a team owns, and what others share with it. */
export function OwnedSection({ team }: { team: Team }) {
  const { can } = useSession()
  const [open, setOpen] = useState<Ownership | 'new'>()
  const owners = usePages('listOwners', allOwners)
  const nameOf = useNamesOfOwned()
  const seen = owners.items?.filter(({ teamId, sharedWith }) => teamId === team.id || sharedWith.includes(team.id))
  const give = can('teams:write') && <Button onClick={() => setOpen('new')}>Give it something</Button>
  const columns: Column<Ownership>[] = [
    { key: 'what', title: 'What', className: 'font-medium break-all', cell: nameOf },
    { key: 'kind', title: 'Kind', cell: ({ kind }) => kind },
    { key: 'shared', title: 'Shared', wide: true, cell: (ownership) => <Shared team={team} ownership={ownership} /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (ownership) =>
        can('teams:write') &&
        ownership.teamId === team.id && (
          <Actions ownership={ownership} name={nameOf(ownership)} onShare={() => setOpen(ownership)} />
        ),
    },
  ]
  const empty = (
    <EmptyState icon={<Boxes />} title="The team owns nothing yet">
      What somebody makes who acts for the team is the team’s. Anything else can be given to it.
    </EmptyState>
  )
  return (
    <Section title="Owns" actions={give}>
      <Paged list={{ ...owners, items: seen }} empty={empty}>
        {(items) => (
          <Table
            label="What the team owns"
            columns={columns}
            rows={items}
            rowKey={({ kind, resource }) => `${kind}:${resource}`}
          />
        )}
      </Paged>
      {open && <GiveForm team={team} {...(open !== 'new' && { owned: open })} onClose={() => setOpen(undefined)} />}
    </Section>
  )
}

function Shared({ team, ownership: { teamId, sharedWith } }: { team: Team; ownership: Ownership }) {
  const teams = usePages('listTeams', allTeams)
  const nameOf = (id: string | null) => teams.items?.find((each) => each.id === id)?.name ?? 'another team'
  if (teamId !== team.id) return <Badge tone="info">by {nameOf(teamId)}</Badge>
  return sharedWith.length === 0 ? (
    <span className="text-faint">with nobody</span>
  ) : (
    `with ${sharedWith.map(nameOf).join(', ')}`
  )
}

function Actions({ ownership, name, onShare }: { ownership: Ownership; name: string; onShare: () => void }) {
  const { kind, resource } = ownership
  const give = useAct('setOwner', { changes: ['listOwners'], done: `${name} belongs to the whole tenant` })
  if (!isOwnedKind(kind)) return null
  return (
    <RowActions
      of={name}
      actions={[
        { label: 'Share', onSelect: onShare },
        {
          label: 'Give back',
          danger: true,
          question: {
            title: `Give ${name} back to the whole tenant?`,
            about:
              'Members of the team see it no more unless they have a role in the tenant. You can give it to the team again.',
            action: 'Give back',
            onConfirm: () => give.mutateAsync({ params: { kind, resource }, body: { teamId: null } }),
          },
        },
      ]}
    />
  )
}
