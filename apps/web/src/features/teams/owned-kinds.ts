'use client'

import type { Ownership } from '@freehold/contracts'
import { usePages } from '../../api/use-pages.ts'

export const ownedKinds = ['agent', 'connection', 'secret', 'budget', 'service'] as const
export type OwnedKind = (typeof ownedKinds)[number]

/** A key and a conversation stay where they were made. */
export function isOwnedKind(kind: string): kind is OwnedKind {
  return ownedKinds.some((each) => each === kind)
}

const all = { query: { limit: 200 } }

/** How people call what a team owns: a budget is known by its id, everything else by its name. */
export function useNamesOfOwned(): (ownership: Pick<Ownership, 'kind' | 'resource'>) => string {
  const budgets = usePages('listBudgets', all)
  return ({ kind, resource }) =>
    (kind === 'budget' && budgets.items?.find(({ id }) => id === resource)?.name) || resource
}
