'use client'

import type { Connection } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { type FieldErrors, fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import { allSecrets, newSecret, SecretField } from './secret-field.tsx'

type Kind = Connection['kind']

const kinds = [
  { value: 'model_provider', label: 'a model provider' },
  { value: 'http', label: 'an API that agents call' },
] as const

const shown = ['name', 'secret', 'value', 'provider', 'baseUrl', 'origin', 'header', 'prefix']

/** Connects something, or changes a connection. A new secret is set on the way. */
export function ConnectionForm({ connection, onClose }: { connection?: Connection; onClose: () => void }) {
  const [kind, setKind] = useState<Kind>(connection?.kind ?? 'model_provider')
  const { can } = useSession()
  const [secret, setSecret] = useState(connection?.secret ?? (can('secrets:write') ? newSecret : ''))
  const { submit, error, isPending } = useSave(setSecret, onClose)
  const errors = fieldErrors(error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={connection ? `Change ${connection.name}` : 'Connect'}
      action={connection ? 'Save' : 'Connect'}
      busy={isPending}
      error={errors.rest(...shown)}
      onSubmit={(form) => void submit(connection?.name ?? textOf(form, 'name'), kind, secret, form)}
    >
      {!connection && (
        <>
          <Field label="Connect">
            <Select value={kind} onChange={setKind} options={kinds} />
          </Field>
          <Field
            label="Name"
            hint={kind === 'http' ? 'Agents call it by this name.' : 'For the list.'}
            error={errors.of('name')}
          >
            <Input name="name" required maxLength={63} autoFocus placeholder={kind === 'http' ? 'billing' : 'openai'} />
          </Field>
        </>
      )}
      {kind === 'http' ? (
        <ApiFields errors={errors} {...(connection?.kind === 'http' && { connection })} />
      ) : (
        <ProviderFields errors={errors} {...(connection?.kind === 'model_provider' && { connection })} />
      )}
      <SecretField secret={secret} onChange={setSecret} errors={errors} />
    </FormDialog>
  )
}

interface FieldsProps<K extends Kind> {
  connection?: Extract<Connection, { kind: K }>
  errors: FieldErrors
}

function ProviderFields({ connection, errors }: FieldsProps<'model_provider'>) {
  return (
    <>
      <Field
        label="Provider"
        hint="What stands before the slash in the names of its models, such as openai."
        error={errors.of('provider')}
      >
        <Input name="provider" required maxLength={63} defaultValue={connection?.provider} placeholder="openai" />
      </Field>
      <Field
        label="Address"
        hint="Of an OpenAI-compatible server. Leave it empty for the provider’s own."
        error={errors.of('baseUrl')}
      >
        <Input
          name="baseUrl"
          type="url"
          defaultValue={connection?.baseUrl ?? ''}
          placeholder="https://llm.example.com/v1"
        />
      </Field>
    </>
  )
}

function ApiFields({ connection, errors }: FieldsProps<'http'>) {
  return (
    <>
      <Field label="Scheme and host" hint="The value goes there, and nowhere else." error={errors.of('origin')}>
        <Input
          name="origin"
          type="url"
          required
          defaultValue={connection?.origin}
          placeholder="https://api.example.com"
        />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Header" error={errors.of('header')}>
          <Input name="header" required defaultValue={connection?.header ?? 'authorization'} />
        </Field>
        <Field label="Before the value" hint="A space at the end counts." error={errors.of('prefix')}>
          <Input name="prefix" maxLength={64} defaultValue={connection?.prefix ?? 'Bearer '} />
        </Field>
      </div>
    </>
  )
}

const textOf = (form: FormData, name: string): string => String(form.get(name) ?? '')

function useSave(onSecretSet: (name: string) => void, onDone: () => void) {
  const secrets = usePages('listSecrets', allSecrets)
  const [taken, setTaken] = useState<Error>()
  const putSecret = useAct('putSecret', {
    changes: ['listSecrets'],
    // Where the connection itself is refused, the secret is there already when it is sent again.
    onDone: ({ name }) => onSecretSet(name),
    quiet: true,
  })
  const putConnection = useAct('putConnection', {
    changes: ['listConnections'],
    done: ({ name }) => `${name} is connected`,
    onDone,
    quiet: true,
  })
  const submit = async (name: string, kind: Kind, secret: string, form: FormData) => {
    const secretName = secret === newSecret ? textOf(form, 'secretName') || `${name}-key` : secret
    // Another connection would get the new value.
    const isTaken = secret === newSecret && secrets.items?.some((each) => each.name === secretName)
    setTaken(
      isTaken
        ? new Error(`There is a secret ${secretName} already. Choose it, or give the new one another name.`)
        : undefined,
    )
    putSecret.reset()
    if (isTaken) return
    try {
      if (secret === newSecret) {
        await putSecret.mutateAsync({ params: { name: secretName }, body: { value: textOf(form, 'value') } })
      }
      await putConnection.mutateAsync({ params: { name }, body: { ...targetOf(kind, form), secret: secretName } })
    } catch {
      // The form shows what was wrong.
    }
  }
  return {
    submit,
    error: taken ?? putSecret.error ?? putConnection.error,
    isPending: putSecret.isPending || putConnection.isPending,
  }
}

function targetOf(kind: Kind, form: FormData) {
  if (kind === 'model_provider') {
    return { kind, provider: textOf(form, 'provider'), baseUrl: textOf(form, 'baseUrl') || null }
  }
  const [origin, header, prefix] = [textOf(form, 'origin'), textOf(form, 'header'), textOf(form, 'prefix')]
  return { kind, origin, header, prefix }
}
