'use client'

import type { Run } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Answered } from '../../ui/listing.tsx'
import { Skeleton } from '../../ui/page.tsx'
import { RunStatusBadge } from '../runs/run-status.tsx'

const everyMs = 1_000

/** How the delivery of a test goes: it is a run, which is tried again until it is taken. */
export function TestDelivery({ runId, url, onClose }: { runId: string; url: string; onClose: () => void }) {
  const { path } = useSession()
  const run = useApi('getRun', { params: { id: runId } }, { everyMs, until: ({ status }) => isTerminalStatus(status) })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Test delivery"
      about={<span className="break-all">{url}</span>}
      footer={
        <>
          <ButtonLink href={path(`/runs/${runId}`)}>Its attempts</ButtonLink>
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </>
      }
    >
      <Answered answer={run} skeleton={<Skeleton className="h-6" />}>
        {(data) => (
          <p aria-live="polite" className="flex flex-wrap items-center gap-2">
            <RunStatusBadge status={data.status} />
            {describe(data)}
          </p>
        )}
      </Answered>
    </Dialog>
  )
}

function describe({ status, error }: Run): string {
  if (status === 'succeeded') return 'It was delivered and taken.'
  if (error !== null) return error.message
  return isTerminalStatus(status) ? 'It was not delivered.' : 'On its way. What is not taken is tried again.'
}
