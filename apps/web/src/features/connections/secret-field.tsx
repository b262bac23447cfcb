'use client'

import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Field, Input } from '../../ui/field.tsx'
import type { FieldErrors } from '../../ui/field-errors.ts'
import { Select } from '../../ui/select.tsx'
import { SecretValue } from './secret-value.tsx'

export const allSecrets = { query: { limit: 200 } }
/** No name of a secret looks like this. */
export const newSecret = '+'

interface SecretFieldProps {
  secret: string
  onChange: (secret: string) => void
  errors: FieldErrors
}

/** Which secret a connection uses, or the value of a new one. */
export function SecretField({ secret, onChange, errors }: SecretFieldProps) {
  const { can } = useSession()
  const secrets = usePages('listSecrets', allSecrets)
  const names = secrets.items?.map(({ name }) => name) ?? []
  const known = secret === '' || secret === newSecret || names.includes(secret) ? names : [secret, ...names]
  return (
    <>
      <Field label="Secret" error={errors.of('secret')}>
        <Select
          value={secret}
          onChange={onChange}
          required
          options={[
            ...(can('secrets:write')
              ? [{ value: newSecret, label: 'a new one' }]
              : [{ value: '', label: 'Choose one' }]),
            ...known.map((name) => ({ value: name, label: name })),
          ]}
        />
      </Field>
      {secret === newSecret && (
        <>
          <SecretValue error={errors.of('value')} />
          <Field label="Name of the secret" hint="Left empty, it is called as the connection with -key behind it.">
            <Input name="secretName" maxLength={63} />
          </Field>
        </>
      )}
    </>
  )
}
