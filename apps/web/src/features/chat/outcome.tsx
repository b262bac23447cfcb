'use client'

import { CircleAlert, LoaderCircle } from 'lucide-react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import type { Conversation } from './conversation.ts'

/** How the last run is, behind what was said. */
export function Outcome({ conversation, again }: { conversation: Conversation; again: () => void }) {
  const { phase, entries, lost, failure, runId } = conversation
  if (lost !== undefined) return <ErrorNotice error={lost} retry={again} />
  const last = entries.at(-1)
  const isSilent = last?.kind === 'question' || (last?.kind === 'call' && last.result !== undefined)
  if (phase === 'running' && isSilent) {
    return (
      <p className="flex items-center gap-2 text-soft" role="status">
        <LoaderCircle className="size-4 animate-spin" aria-hidden /> Thinking
      </p>
    )
  }
  if (phase === 'cancelled') return <p className="text-soft">Stopped. What was done until then stays done.</p>
  if (phase === 'failed') return <Failure message={failure ?? 'The run failed.'} runId={runId} again={again} />
  return null
}

function Failure({ message, runId, again }: { message: string; runId: string | undefined; again: () => void }) {
  const { can } = useSession()
  const redrive = useAct('redriveRun', { changes: ['listThreads', 'getThread'], onDone: again })
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-line bg-bad-soft p-4">
      <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 grow">
        <p className="font-medium">This run failed</p>
        <p className="mt-0.5 break-words text-soft">{message}</p>
      </div>
      {runId !== undefined && can('runs:control') && (
        <Button size="small" busy={redrive.isPending} onClick={() => redrive.mutate({ params: { id: runId } })}>
          Try again
        </Button>
      )}
    </div>
  )
}
