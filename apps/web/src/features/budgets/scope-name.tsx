'use client'

import type { Budget } from '@freehold/contracts'
import { usePages } from '../../api/use-pages.ts'
import { scopeWords } from './budget-words.ts'

/** Whom a budget limits. */
export function ScopeName({ scope: { kind, id } }: { scope: Budget['scope'] }) {
  if (id === null) return scopeWords[kind].each
  return (
    <>
      {scopeWords[kind].one} {kind === 'team' ? <TeamName id={id} /> : id}
    </>
  )
}

function TeamName({ id }: { id: string }) {
  const teams = usePages('listTeams', { query: { limit: 200 } })
  return teams.items?.find((team) => team.id === id)?.name ?? id
}
