'use client'

import type { Run } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import { type UseQueryResult, useQueries } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { queryOf } from '../../../api/queries.ts'
import { useSession } from '../../../session/session.tsx'

const lookEveryMs = 2_000

/** Delegated runs that somebody opened, loaded when they are: undefined until then. */
export type OpenRuns = ReadonlyMap<string, Run | undefined>

export function useChildren(): { openRuns: OpenRuns; toggle: (id: string) => void } {
  const { client, tenant } = useSession()
  const [open, setOpen] = useState<readonly string[]>([])
  const combine = useCallback(
    (answers: UseQueryResult<Run>[]): OpenRuns => new Map(open.map((id, index) => [id, answers[index]?.data])),
    [open],
  )
  const openRuns = useQueries({
    queries: open.map((id) => ({
      ...queryOf(client, tenant, 'getRun', { params: { id } }),
      refetchInterval: ({ state }: { state: { data?: Run | undefined } }) =>
        state.data && isTerminalStatus(state.data.status) ? (false as const) : lookEveryMs,
    })),
    combine,
  })
  const toggle = (id: string) =>
    setOpen((before) => (before.includes(id) ? before.filter((each) => each !== id) : [...before, id]))
  return { openRuns, toggle }
}
