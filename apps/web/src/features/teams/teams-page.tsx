'use client'

import type { Team } from '@freehold/contracts'
import { Plus, UsersRound } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { allOwners, allTeams } from './queries.ts'

const NameTeam = onDemand(() => import('./name-team.tsx').then((module) => module.NameTeam))

export function TeamsPage() {
  const { can } = useSession()
  const [isCreating, setCreating] = useState(false)
  const teams = usePages('listTeams', allTeams)
  const create = can('teams:write') && (
    <Button kind="primary" onClick={() => setCreating(true)}>
      <Plus /> New team
    </Button>
  )
  const empty = (
    <EmptyState icon={<UsersRound />} title="No teams yet" action={create}>
      A team has agents, connections, secrets, keys and budgets of its own. Its members see those, and nothing else of
      the tenant.
    </EmptyState>
  )
  return (
    <Page title="Teams" about="Parts of the tenant that keep to themselves." actions={create}>
      <Paged list={teams} empty={empty}>
        {(items) => <TeamsTable teams={items} />}
      </Paged>
      {isCreating && <NameTeam onClose={() => setCreating(false)} />}
    </Page>
  )
}

function TeamsTable({ teams }: { teams: readonly Team[] }) {
  const { path } = useSession()
  const owners = usePages('listOwners', allOwners)
  const href = ({ id }: Team) => path(`/teams/${id}`)
  const columns: Column<Team>[] = [
    {
      key: 'name',
      title: 'Team',
      className: 'font-medium',
      cell: (team) => (
        <Link href={href(team)} className="hover:underline">
          {team.name}
        </Link>
      ),
    },
    {
      key: 'owns',
      title: 'Owns',
      right: true,
      cell: ({ id }) => owners.items?.filter(({ teamId }) => teamId === id).length ?? '…',
    },
    { key: 'made', title: 'Made', right: true, wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ]
  return <Table label="Teams" columns={columns} rows={teams} rowKey={({ id }) => id} href={href} />
}
