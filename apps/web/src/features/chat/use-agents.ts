'use client'

import { useApi } from '../../api/use-api.ts'

/** Those that can be talked to, among others. */
export function useAgents(enabled = true) {
  return useApi('listAgents', { query: { limit: 200 } }, { enabled })
}

/** The name of the agent of this person's newest conversation: null where there is none, undefined until that is known. */
export function useLastAgent(enabled = true): string | null | undefined {
  const { data, error } = useApi('listThreads', { query: { limit: 1, mine: 'true' } }, { enabled })
  if (data) return data.items[0]?.lastRun.agent ?? null
  return error ? null : undefined
}
