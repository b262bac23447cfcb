'use client'

import type { ReleaseRequest } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../../api/use-api.ts'
import { usePages } from '../../../api/use-pages.ts'
import { useSession } from '../../../session/session.tsx'
import { Button } from '../../../ui/button.tsx'
import { Field, TextArea } from '../../../ui/field.tsx'
import { fieldErrors } from '../../../ui/field-errors.ts'
import { FormDialog } from '../../../ui/form-dialog.tsx'
import { Card } from '../../../ui/page.tsx'
import { Time } from '../../../ui/time.tsx'
import { ActorName } from '../../people/actor-name.tsx'
import { changedByRelease } from './changed-by-release.ts'

const everyMs = 10_000

/** The promotions of an agent that wait for approval; nothing where there are none. */
export function ReleaseRequests({ agent }: { agent: string }) {
  const pending = usePages('listReleaseRequests', { query: { status: 'pending' } }, everyMs)
  const own = pending.items?.filter((request) => request.agent === agent) ?? []
  if (own.length === 0) return null
  return (
    <Card title="Waits for approval">
      <ul className="divide-y divide-line">
        {own.map((request) => (
          <li key={request.id} className="flex flex-wrap items-start justify-between gap-3 px-4 py-3">
            <Told request={request} />
            <Decide request={request} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Told({ request }: { request: ReleaseRequest }) {
  const { version, environment, canary, comment, requestedBy, createdAt, required, role, decisions } = request
  const approvals = decisions.filter(({ decision }) => decision === 'approve').length
  return (
    <div className="min-w-0">
      <p>
        <span className="font-medium">
          v{version} to {environment}
          {canary && `, for ${canary.percent}%`}
        </span>
        <span className="text-soft">
          {' '}
          asked by <ActorName actor={requestedBy} />, <Time at={createdAt} />
        </span>
      </p>
      {comment && <p className="mt-0.5 break-words text-soft">“{comment}”</p>}
      <p className="mt-0.5 text-xs text-faint">
        {approvals} of {required} approvals{role && `, by ${role}s`}
      </p>
    </div>
  )
}

/** Whoever asked can take it back and not approve it; the tenant may ask for a role. */
function Decide({ request }: { request: ReleaseRequest }) {
  const { can, me } = useSession()
  const [decision, setDecision] = useState<'approve' | 'reject'>()
  if (!can('releases:decide')) return null
  const isOwn = request.requestedBy.endsWith(`:${me.actor.id}`)
  const hasDecided = request.decisions.some(({ actor }) => actor.endsWith(`:${me.actor.id}`))
  const hasRole = request.role === null || (me.teams === null && me.roles.includes(request.role))
  return (
    <div className="flex gap-2">
      {!isOwn && !hasDecided && hasRole && (
        <Button kind="primary" onClick={() => setDecision('approve')}>
          Approve
        </Button>
      )}
      {(isOwn || (hasRole && !hasDecided)) && (
        <Button kind="danger" onClick={() => setDecision('reject')}>
          {isOwn ? words.takeBack.action : words.reject.action}
        </Button>
      )}
      {decision && (
        <DecisionDialog request={request} decision={decision} isOwn={isOwn} onClose={() => setDecision(undefined)} />
      )}
    </div>
  )
}

interface DecisionDialogProps {
  request: ReleaseRequest
  decision: 'approve' | 'reject'
  isOwn: boolean
  onClose: () => void
}

const words = {
  approve: { action: 'Approve', done: 'Approved' },
  reject: { action: 'Reject', done: 'Rejected' },
  takeBack: { action: 'Take back', done: 'Taken back' },
}

function DecisionDialog({ request, decision, isOwn, onClose }: DecisionDialogProps) {
  const { id, version, environment } = request
  const { action, done } = decision === 'approve' ? words.approve : isOwn ? words.takeBack : words.reject
  const decide = useAct('decideReleaseRequest', {
    changes: changedByRelease,
    done,
    onDone: onClose,
    quiet: true,
  })
  const errors = fieldErrors(decide.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`${action} v${version} for ${environment}?`}
      about={decision === 'approve' ? 'The last approval that is missing releases it.' : 'What serves there stays.'}
      action={action}
      busy={decide.isPending}
      error={errors.rest('comment')}
      onSubmit={(form) => {
        const comment = String(form.get('comment')).trim()
        decide.mutate({ params: { id }, body: { decision, ...(comment !== '' && { comment }) } })
      }}
    >
      <Field label="Note" error={errors.of('comment')}>
        <TextArea name="comment" rows={2} maxLength={1000} />
      </Field>
    </FormDialog>
  )
}
