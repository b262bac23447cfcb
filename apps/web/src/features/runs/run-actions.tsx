'use client'

import type { Run } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import { RotateCcw, SquareX, Terminal } from 'lucide-react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { copyText } from '../../ui/copy-text.ts'
import { notify } from '../../ui/toast.tsx'
import { runAsCurl } from './run-as-curl.ts'

const changes = ['getRun', 'listRuns', 'listRunEvents', 'getOverview'] as const

/** What the one who looks may do with the run. */
export function RunActions({ run }: { run: Run }) {
  const { can } = useSession()
  const cancel = useAct('cancelRun', { changes, done: 'The run is being cancelled' })
  const redrive = useAct('redriveRun', { changes, done: 'The run is queued again' })
  const params = { id: run.id }
  const copy = async () => {
    const isCopied = await copyText(runAsCurl(window.location.origin, run))
    if (isCopied) notify.done('Copied. Put your key in place of $API_KEY.')
  }
  return (
    <>
      {can('runs:start') && (
        <Button onClick={() => void copy()} title="The command that starts the same run over the API">
          <Terminal /> Copy as curl
        </Button>
      )}
      {can('runs:control') && run.status === 'failed' && (
        <Button kind="primary" busy={redrive.isPending} onClick={() => redrive.mutate({ params })}>
          <RotateCcw /> Redrive
        </Button>
      )}
      {can('runs:control') && !isTerminalStatus(run.status) && (
        <Confirm
          trigger={
            <Button kind="danger">
              <SquareX /> Cancel run
            </Button>
          }
          title="Cancel this run?"
          about="It stops within seconds, and so does all that it delegated. What it did stays done. This can’t be undone."
          action="Stop it"
          onConfirm={() => cancel.mutateAsync({ params })}
        />
      )}
    </>
  )
}
