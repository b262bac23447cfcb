'use client'

import type { Approval } from '@freehold/contracts'
import { useAct } from '../../api/use-api.ts'
import { Field, TextArea } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { titleOf } from './approval-words.ts'
import { changedByDecision } from './changed-by-decision.ts'

interface RefuseProps {
  approval: Approval
  onDone: (decided: Approval) => void
  onClose: () => void
}

export function Refuse({ approval, onDone, onClose }: RefuseProps) {
  const { id, argumentsHash, kind } = approval
  const refuse = useAct('decideApproval', { changes: changedByDecision, done: 'Refused', onDone, quiet: true })
  const errors = fieldErrors(refuse.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`Refuse: ${titleOf(approval)}?`}
      about={
        kind === 'budget'
          ? 'The run ends, since its budget is spent.'
          : 'The agent is told so, with your note, and goes on without it.'
      }
      action="Refuse"
      busy={refuse.isPending}
      error={errors.rest('comment')}
      onSubmit={(form) => {
        const comment = String(form.get('comment'))
        refuse.mutate({ params: { id }, body: { decision: 'reject', argumentsHash, comment } })
      }}
    >
      <Field label="Note" hint="Why, or what to do instead." error={errors.of('comment')}>
        <TextArea name="comment" maxLength={2_000} autoFocus />
      </Field>
    </FormDialog>
  )
}
