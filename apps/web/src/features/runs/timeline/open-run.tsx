'use client'

import type { Run } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import { useEffect } from 'react'
import { useApi } from '../../../api/use-api.ts'

const lookEveryMs = 2_000

/** Delegated runs that somebody opened, loaded when they are: undefined until then. */
export type OpenRuns = ReadonlyMap<string, Run | undefined>

/** Shows nothing: follows a delegated run for the timeline that it is open in. */
export function OpenRun({ id, onRead }: { id: string; onRead: (run: Run) => void }) {
  const { data } = useApi(
    'getRun',
    { params: { id } },
    { everyMs: lookEveryMs, until: ({ status }) => isTerminalStatus(status) },
  )
  useEffect(() => {
    // While another one is loaded, the answer before is kept.
    if (data?.id === id) onRead(data)
  }, [data, id, onRead])
  return null
}
