'use client'

import type { Approval } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { dollarsOf, nanosOf, smallestDollars } from '../../ui/dollars.ts'
import { Field, Input, TextArea } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { raiseOf, titleOf } from './approval-words.ts'
import { changedByDecision } from './changed-by-decision.ts'

interface EditAndApproveProps {
  approval: Approval
  onDone: (decided: Approval) => void
  onClose: () => void
}

/** Approves something else in its place: any arguments that the tool takes, or another amount. */
export function EditAndApprove({ approval, onDone, onClose }: EditAndApproveProps) {
  const { id, argumentsHash, quorum } = approval
  const [problem, setProblem] = useState<string>()
  const approve = useAct('decideApproval', { changes: changedByDecision, done: 'Approved', onDone, quiet: true })
  const errors = fieldErrors(approve.error)
  const submit = (form: FormData) => {
    const edited = readEdited(approval, String(form.get('edited')))
    setProblem(edited === undefined ? 'This is not valid JSON yet.' : undefined)
    if (edited === undefined) return
    const comment = String(form.get('comment'))
    approve.mutate({ params: { id }, body: { decision: 'approve', argumentsHash, arguments: edited.value, comment } })
  }
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`Approve with changes: ${titleOf(approval)}`}
      about={
        quorum > 1
          ? 'The others then have to approve what you change it to.'
          : 'The agent goes on with what you put here.'
      }
      action="Approve"
      busy={approve.isPending}
      error={errors.rest('arguments', 'comment')}
      onSubmit={submit}
      width="max-w-2xl"
    >
      <Edited approval={approval} error={problem ?? errors.of('arguments')} />
      <Field label="Note" error={errors.of('comment')}>
        <Input name="comment" maxLength={2_000} />
      </Field>
    </FormDialog>
  )
}

function Edited({ approval, error }: { approval: Approval; error: string | undefined }) {
  const raise = raiseOf(approval)
  if (!raise) {
    return (
      <Field label="Arguments" error={error}>
        <TextArea
          name="edited"
          required
          spellCheck={false}
          className="min-h-56 font-mono text-xs"
          defaultValue={JSON.stringify(approval.arguments, null, 2)}
        />
      </Field>
    )
  }
  const isMoney = raise.limitOf === 'money'
  return (
    <Field label={isMoney ? 'More by, in dollars' : `More by, in ${raise.limitOf}`} error={error}>
      <Input
        name="edited"
        type="number"
        required
        min={0}
        step={isMoney ? smallestDollars : 1}
        defaultValue={isMoney ? dollarsOf(raise.raiseBy) : raise.raiseBy}
      />
    </Field>
  )
}

function readEdited(approval: Approval, text: string): { value: unknown } | undefined {
  const raise = raiseOf(approval)
  if (raise) return { value: { ...raise, raiseBy: raise.limitOf === 'money' ? nanosOf(text) : Number(text) } }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
