'use client'

import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAuthAct } from './use-auth.ts'

interface AskPasswordProps<T> {
  title: string
  about?: string
  action: string
  act: (password: string) => Promise<T>
  onDone: (answer: T) => void
  onClose: () => void
}

/** Before something that protects the account is changed: whoever sits at an open screen doesn't know it. */
export function AskPassword<T>({ title, about, action, act, onDone, onClose }: AskPasswordProps<T>) {
  const acting = useAuthAct(act, { changes: ['list-sessions'], onDone, quiet: true })
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={title}
      about={about}
      action={action}
      busy={acting.isPending}
      onSubmit={(form) => acting.mutate(String(form.get('password')))}
    >
      <Field label="Your password" error={acting.problem}>
        <Input name="password" type="password" autoComplete="current-password" required autoFocus />
      </Field>
    </FormDialog>
  )
}
