'use client'

import type { Secret } from '@freehold/contracts'
import { useAct } from '../../api/use-api.ts'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { SecretValue } from './secret-value.tsx'

export function SetSecret({ secret, onClose }: { secret?: Secret; onClose: () => void }) {
  const put = useAct('putSecret', {
    changes: ['listSecrets'],
    done: ({ name, version }) => `${name} is set, as version ${version}`,
    onDone: onClose,
    quiet: true,
  })
  const errors = fieldErrors(put.error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={secret ? `Replace the value of ${secret.name}` : 'New secret'}
      about={secret && 'Whatever uses it uses the new value from its next call on.'}
      action={secret ? 'Replace' : 'Set secret'}
      busy={put.isPending}
      error={errors.rest('name', 'value')}
      onSubmit={(form) =>
        put.mutate({
          params: { name: secret?.name ?? String(form.get('name')) },
          body: { value: String(form.get('value')) },
        })
      }
    >
      {!secret && (
        <Field label="Name" hint="Lower-case letters, digits and hyphens." error={errors.of('name')}>
          <Input name="name" required maxLength={63} autoFocus placeholder="openai-key" />
        </Field>
      )}
      <SecretValue error={errors.of('value')} />
    </FormDialog>
  )
}
