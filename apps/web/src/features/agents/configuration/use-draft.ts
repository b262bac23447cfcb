'use client'

import type { AgentVersion } from '@freehold/contracts'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSession } from '../../../session/session.tsx'
import type { Draft } from './draft.ts'

/** What was changed of an agent and not saved yet. */
export interface Unsaved {
  draft: Draft
  /** The version that it began from. */
  base: AgentVersion
}

const drafts = 'drafts'

/** Kept beside the answers of the API while the tab lives, whatever page is looked at; so leaving it asks. */
export function useDraft(agent: string) {
  const { tenant } = useSession()
  const queries = useQueryClient()
  const queryKey = [drafts, tenant, agent]
  // The cache tells of a change later than an input that is typed into has to be drawn.
  const [unsaved, setUnsaved] = useState(() => queries.getQueryData<Unsaved | null>(queryKey) ?? undefined)
  const keep = (next: Unsaved | undefined) => {
    setUnsaved(next)
    queries.setQueryDefaults([drafts], { gcTime: Number.POSITIVE_INFINITY })
    queries.setQueryData<Unsaved | null>(queryKey, next ?? null)
    const isAnyKept = queries.getQueriesData({ queryKey: [drafts] }).some(([, kept]) => kept)
    if (isAnyKept) window.addEventListener('beforeunload', ask)
    else window.removeEventListener('beforeunload', ask)
  }
  return { unsaved, keep }
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
