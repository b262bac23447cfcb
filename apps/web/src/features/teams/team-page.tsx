'use client'

import type { Team } from '@freehold/contracts'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Answered } from '../../ui/listing.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Page } from '../../ui/page.tsx'
import { OwnedSection } from './owned-section.tsx'
import { allTeams } from './queries.ts'
import { TeamMembersSection } from './team-members-section.tsx'

const NameTeam = onDemand(() => import('./name-team.tsx').then((module) => module.NameTeam))

export function TeamPage({ id }: { id: string }) {
  const { path } = useSession()
  const teams = usePages('listTeams', allTeams)
  const team = teams.items?.find((each) => each.id === id)
  if (team) return <Found team={team} />
  return (
    <Page title="Team">
      <Answered answer={{ ...teams, data: teams.items }}>
        {() => (
          <EmptyState title="Not found" action={<ButtonLink href={path('/teams')}>To the teams</ButtonLink>}>
            There is no such team.
          </EmptyState>
        )}
      </Answered>
    </Page>
  )
}

function Found({ team }: { team: Team }) {
  const { can } = useSession()
  const [isRenaming, setRenaming] = useState(false)
  const actions = can('teams:write') && (
    <>
      <Button onClick={() => setRenaming(true)}>Rename</Button>
      <DeleteTeam team={team} />
    </>
  )
  return (
    <Page title={team.name} about="A team of this tenant." actions={actions}>
      <TeamMembersSection team={team} />
      <OwnedSection team={team} />
      {isRenaming && <NameTeam team={team} onClose={() => setRenaming(false)} />}
    </Page>
  )
}

function DeleteTeam({ team: { id, name } }: { team: Team }) {
  const { path } = useSession()
  const router = useRouter()
  const remove = useAct('deleteTeam', {
    changes: ['listTeams'],
    done: `The team ${name} is deleted`,
    onDone: () => router.push(path('/teams')),
  })
  return (
    <Confirm
      trigger={<Button kind="danger">Delete</Button>}
      title={`Delete the team ${name}?`}
      about="Its keys stop working, and its members are in it no more. What it owns has to be given away before. This can’t be undone."
      action="Delete team"
      onConfirm={() => remove.mutateAsync({ params: { id } })}
    />
  )
}
