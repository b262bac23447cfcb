'use client'

import type { Approval } from '@freehold/contracts'
import { CircleCheck, CircleX, ShieldQuestion } from 'lucide-react'
import { useState } from 'react'
import { useAct, useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { Json } from '../../ui/code.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Moment } from '../../ui/time.tsx'
import { statusWords, titleOf } from '../approvals/approval-words.ts'
import { changedByDecision } from '../approvals/changed-by-decision.ts'
import { whyNotDecide } from '../approvals/may-decide.ts'

const Refuse = onDemand(() => import('../approvals/refuse.tsx').then((module) => module.Refuse))
const everyMs = 3_000

interface ApprovalCardProps {
  id: string
  onDecided: () => void
  className?: string
}

/** What an agent may not do alone: exactly what it is, and the decision for those who may. */
export function ApprovalCard({ id, onDecided, className }: ApprovalCardProps) {
  const session = useSession()
  const { data: approval } = useApi(
    'getApproval',
    { params: { id } },
    { everyMs, until: ({ status }) => status !== 'pending', enabled: session.can('approvals:read') },
  )
  if (!approval) return <p className={classNames('text-soft', className)}>Waiting for an approval.</p>
  if (approval.status !== 'pending') return <Decided approval={approval} className={className} />
  const whyNot = whyNotDecide(approval, session)
  return (
    <section
      aria-label="Approval"
      className={classNames('flex gap-3 rounded-lg border border-line bg-warn-soft p-4', className)}
    >
      <ShieldQuestion className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden />
      <div className="min-w-0 grow">
        <p className="font-medium">{titleOf(approval)}?</p>
        <p className="mt-0.5 mb-2 break-words text-soft">
          {approval.reason} It can be decided until <Moment at={approval.expiresAt} />.
        </p>
        <Json value={approval.arguments} label="Arguments" />
        {whyNot === undefined ? (
          <Decide approval={approval} onDecided={onDecided} />
        ) : (
          <p className="mt-3 text-soft">Waiting for approval. {whyNot}</p>
        )}
      </div>
    </section>
  )
}

function Decide({ approval, onDecided }: { approval: Approval; onDecided: () => void }) {
  const [isRefusing, setRefusing] = useState(false)
  const approve = useAct('decideApproval', { changes: changedByDecision, onDone: onDecided })
  const { id, argumentsHash } = approval
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      <Button
        kind="primary"
        busy={approve.isPending}
        onClick={() => approve.mutate({ params: { id }, body: { decision: 'approve', argumentsHash } })}
      >
        Approve
      </Button>
      <Button onClick={() => setRefusing(true)}>Refuse…</Button>
      {isRefusing && <Refuse approval={approval} onDone={onDecided} onClose={() => setRefusing(false)} />}
    </div>
  )
}

function Decided({
  approval: { status, decisions },
  className,
}: {
  approval: Approval
  className: string | undefined
}) {
  const comment = decisions.findLast((each) => each.comment !== null)?.comment
  const isApproved = status === 'approved'
  const Icon = isApproved ? CircleCheck : CircleX
  return (
    <p className={classNames('flex gap-2 text-soft', className)}>
      <Icon className={`mt-0.5 size-4 shrink-0 ${isApproved ? 'text-good' : 'text-bad'}`} aria-hidden />
      <span className="min-w-0 break-words">
        {statusWords[status].label}
        {comment !== undefined && comment !== null && `: ${comment}`}
      </span>
    </p>
  )
}
