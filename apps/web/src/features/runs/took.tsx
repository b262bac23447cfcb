'use client'

import type { RunSummary } from '@freehold/contracts'
import { formatDuration } from '../../ui/format.ts'
import { useNow } from '../../ui/use-now.ts'

/** From a run's start to its end, or to now. `known` is when the run was read. */
export function Took({ run: { startedAt, finishedAt }, known }: { run: RunSummary; known: number }) {
  const now = useNow(startedAt !== null && finishedAt === null, known, 1_000)
  if (startedAt === null) return '–'
  const end = finishedAt === null ? now : Date.parse(finishedAt)
  return formatDuration(Math.max(0, end - Date.parse(startedAt)))
}
