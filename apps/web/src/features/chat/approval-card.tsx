'use client'

import type { Approval, Whoami } from '@freehold/contracts'
import { CircleCheck, CircleX, ShieldQuestion } from 'lucide-react'
import { useState } from 'react'
import { useAct, useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { Json } from '../../ui/code.tsx'
import { Field, TextArea } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Time } from '../../ui/time.tsx'

const everyMs = 3_000

interface ApprovalCardProps {
  id: string
  onDecided: () => void
  className?: string
}

/** What an agent may not do alone: exactly what it is, who may decide, and, for those, the decision. */
export function ApprovalCard({ id, onDecided, className }: ApprovalCardProps) {
  const { can, me } = useSession()
  const [isOpen, setOpen] = useState(true)
  const { data } = useApi(
    'getApproval',
    { params: { id } },
    { everyMs: isOpen ? everyMs : 0, enabled: can('approvals:read') },
  )
  if (data && isOpen && data.status !== 'pending') setOpen(false)
  if (!data) return <p className={classNames('text-soft', className)}>Waiting for an approval.</p>
  if (data.status !== 'pending') return <Decided approval={data} className={className} />
  const mayDecide = can('approvals:decide') && isAmongApprovers(data, me)
  return (
    <section aria-label="Approval" className={classNames('rounded-lg border border-line bg-warn-soft p-4', className)}>
      <div className="flex gap-3">
        <ShieldQuestion className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden />
        <div className="min-w-0 grow">
          <p className="font-medium">{data.tool === null ? 'Asks for approval' : `Asks to call ${data.tool}`}</p>
          <p className="mt-0.5 break-words text-soft">
            {data.reason} Expires <Time at={data.expiresAt} />.
          </p>
          <div className="mt-2">
            <Json value={data.arguments} label="Arguments" />
          </div>
          {mayDecide ? (
            <Decide approval={data} onDecided={onDecided} />
          ) : (
            <p className="mt-3 text-soft">Waiting for approval by {namesOf(data)}.</p>
          )}
        </div>
      </div>
    </section>
  )
}

function Decide({ approval: { id, argumentsHash }, onDecided }: { approval: Approval; onDecided: () => void }) {
  const [isRefusing, setRefusing] = useState(false)
  const changes = ['getApproval', 'listApprovals'] as const
  const approve = useAct('decideApproval', { changes, onDone: onDecided })
  const refuse = useAct('decideApproval', { changes, onDone: onDecided, quiet: true })
  return (
    <div className="mt-3 flex gap-2">
      <Button
        kind="primary"
        busy={approve.isPending}
        onClick={() => approve.mutate({ params: { id }, body: { decision: 'approve', argumentsHash } })}
      >
        Approve
      </Button>
      <Button onClick={() => setRefusing(true)}>Refuse</Button>
      <FormDialog
        open={isRefusing}
        onOpenChange={setRefusing}
        title="Refuse this?"
        about="The agent is told so, with your note, and goes on without it."
        action="Refuse"
        busy={refuse.isPending}
        error={fieldErrors(refuse.error).rest('comment')}
        onSubmit={(form) => {
          const comment = String(form.get('comment'))
          refuse.mutate({ params: { id }, body: { decision: 'reject', argumentsHash, comment } })
        }}
      >
        <Field label="Note" hint="Why, or what to do instead." error={fieldErrors(refuse.error).of('comment')}>
          <TextArea name="comment" maxLength={2_000} autoFocus />
        </Field>
      </FormDialog>
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
        {words[status]}
        {comment !== undefined && comment !== null && `: ${comment}`}
      </span>
    </p>
  )
}

const words: Record<Approval['status'], string> = {
  pending: 'Waiting',
  approved: 'Approved',
  rejected: 'Refused',
  expired: 'Nobody decided in time',
  cancelled: 'No longer needed',
}

/** As the server will judge it, so that nobody sees a button that would fail. */
function isAmongApprovers(approval: Approval, me: Whoami): boolean {
  const actor = `${me.actor.kind}:${me.actor.id}`
  const { actors, roles } = approval.approvers
  if (!approval.allowSelf && approval.requestedBy === actor) return false
  if (approval.decisions.some((each) => each.actor === actor && each.argumentsHash === approval.argumentsHash))
    return false
  if (actors.length === 0 && roles.length === 0) return true
  return actors.includes(actor) || roles.some((role) => me.roles.includes(role))
}

function namesOf({ approvers: { actors, roles }, quorum }: Approval): string {
  const named = [...roles.map((role) => `the role “${role}”`), ...(actors.length > 0 ? ['named people'] : [])]
  const who = named.length > 0 ? named.join(' or ') : 'somebody who may decide'
  return quorum > 1 ? `${quorum} people: ${who}` : who
}
