'use client'

import type { Team } from '@freehold/contracts'
import { useAct } from '../../api/use-api.ts'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'

/** Makes a team, or gives one another name. */
export function NameTeam({ team, onClose }: { team?: Team; onClose: () => void }) {
  const common = { changes: ['listTeams'], quiet: true, onDone: onClose } as const
  const create = useAct('createTeam', { ...common, done: ({ name }) => `The team ${name} is made` })
  const update = useAct('updateTeam', { ...common, done: ({ name }) => `The team is called ${name} now` })
  const { error, isPending } = team ? update : create
  const errors = fieldErrors(error)
  const submit = (name: string) =>
    team ? update.mutate({ params: { id: team.id }, body: { name } }) : create.mutate({ body: { name } })
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={team ? 'Rename the team' : 'New team'}
      action={team ? 'Rename' : 'Make team'}
      busy={isPending}
      error={errors.rest('name')}
      onSubmit={(form) => submit(String(form.get('name')))}
    >
      <Field label="Name" error={errors.of('name')}>
        <Input name="name" required maxLength={63} defaultValue={team?.name} autoFocus />
      </Field>
    </FormDialog>
  )
}
