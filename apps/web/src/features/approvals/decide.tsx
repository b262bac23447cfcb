'use client'

import type { Approval } from '@freehold/contracts'
import { Check, Pencil, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { useKeys } from '../../ui/use-keys.ts'
import { changedByDecision } from './changed-by-decision.ts'

const Refuse = onDemand(() => import('./refuse.tsx').then((module) => module.Refuse))
const EditAndApprove = onDemand(() => import('./edit-and-approve.tsx').then((module) => module.EditAndApprove))

/** The decision, by buttons or keys. It is about the arguments in sight: others than these are a conflict. */
export function Decide({ approval, onDecided }: { approval: Approval; onDecided: (() => void) | undefined }) {
  const [open, setOpen] = useState<'edit' | 'refuse'>()
  const { id, argumentsHash } = approval
  const onDone = (decided: Approval) => {
    setOpen(undefined)
    if (decided.status !== 'pending') onDecided?.()
  }
  const approve = useAct('decideApproval', { changes: changedByDecision, done: saidOf, onDone })
  const approveIt = () => {
    if (!approve.isPending) approve.mutate({ params: { id }, body: { decision: 'approve', argumentsHash } })
  }
  const button = useRef<HTMLButtonElement>(null)
  // Nothing takes it back, so one key that was pressed by mistake decides nothing.
  const approveAtSecond = () => {
    if (document.activeElement === button.current) approveIt()
    else button.current?.focus()
  }
  useKeys({ a: approveAtSecond, e: () => setOpen('edit'), r: () => setOpen('refuse') })
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <Button ref={button} kind="primary" busy={approve.isPending} aria-keyshortcuts="a" onClick={approveIt}>
          <Check /> Approve
        </Button>
        <Button aria-keyshortcuts="e" onClick={() => setOpen('edit')}>
          <Pencil /> Change and approve…
        </Button>
        <Button kind="danger" aria-keyshortcuts="r" onClick={() => setOpen('refuse')}>
          <X /> Refuse…
        </Button>
      </div>
      <p className="mt-2 text-xs text-soft">
        {approval.quorum > 1
          ? 'Your approval counts at once and can’t be taken back. One refusal refuses it.'
          : 'The agent goes on at once. A decision can’t be taken back.'}
      </p>
      {open === 'edit' && <EditAndApprove approval={approval} onDone={onDone} onClose={() => setOpen(undefined)} />}
      {open === 'refuse' && <Refuse approval={approval} onDone={onDone} onClose={() => setOpen(undefined)} />}
    </>
  )
}

const saidOf = ({ status }: Approval): string =>
  status === 'pending' ? 'You have approved it; it waits for others' : 'Approved: the agent goes on'
