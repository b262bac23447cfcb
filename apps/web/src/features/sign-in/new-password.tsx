import { Field, Input } from '../../ui/field.tsx'

/** For a password that is being chosen: what is asked of it is that of the server. */
export function NewPassword({ label = 'Password', error }: { label?: string; error?: string | undefined }) {
  return (
    <Field label={label} hint="10 characters or more. A few words are good." error={error}>
      <Input name="newPassword" type="password" autoComplete="new-password" required minLength={10} maxLength={128} />
    </Field>
  )
}
