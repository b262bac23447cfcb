'use client'

import type { Service } from '@freehold/contracts'
import { FreeholdError } from '@freehold/contracts/browser'
import { useState } from 'react'
import { merge } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { environments } from '../agents/environments.ts'
import { Breaks } from './breaks.tsx'
import { ContractField } from './contract-field.tsx'
import { bodyOf, type Draft, draftOf } from './draft.ts'
import { UpstreamField } from './upstream-field.tsx'

/** Registers a service, or changes it. What would break a consumer is shown, and can be forced by who may. */
export function ServiceForm({ service, onClose }: { service?: Service; onClose: () => void }) {
  const { can } = useSession()
  const [opened] = useState(() => draftOf(service))
  const [draft, setDraft] = useState(opened)
  const set = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }))
  const { save, error, isPending } = useSave(service && opened, onClose)
  const breaks = error instanceof FreeholdError && error.code === 'conflict' ? (error.fields ?? []) : []
  const errors = fieldErrors(error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={service ? `Change ${service.name}` : 'Register a service'}
      action={service ? 'Save' : 'Register'}
      busy={isPending}
      error={breaks.length > 0 ? undefined : errors.rest('name', 'description')}
      onSubmit={(form) => save(service?.name ?? String(form.get('name')), draft)}
      width="max-w-2xl"
    >
      {!service && (
        <Field label="Name" hint="It is called at /api/v1/name/…" error={errors.of('name')}>
          <Input name="name" required maxLength={63} autoFocus placeholder="orders" />
        </Field>
      )}
      <Field label="What it is for" error={errors.of('description')}>
        <Input
          value={draft.description}
          maxLength={1000}
          onChange={(event) => set({ description: event.target.value })}
        />
      </Field>
      {environments.map((environment) => (
        <UpstreamField
          key={environment}
          environment={environment}
          upstream={draft.upstreams[environment]}
          onChange={(upstream) => set({ upstreams: { ...draft.upstreams, [environment]: upstream } })}
        />
      ))}
      <LimitFields draft={draft} onChange={set} />
      <ContractField contract={draft.contract} onChange={(contract) => set({ contract })} />
      {breaks.length > 0 && (
        <>
          <Breaks breaks={breaks} />
          {can('services:force') && (
            <Checkbox
              label="Accept it all the same"
              hint="Those who rely on it break. The audit trail records who accepted it."
              checked={draft.force}
              onChange={(force) => set({ force })}
            />
          )}
        </>
      )}
    </FormDialog>
  )
}

function LimitFields({ draft, onChange }: { draft: Draft; onChange: (changed: Partial<Draft>) => void }) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Seconds to answer">
        <Input
          type="number"
          min={0.1}
          max={300}
          step="any"
          required
          value={draft.timeoutSeconds}
          onChange={(event) => onChange({ timeoutSeconds: event.target.value })}
        />
      </Field>
      <Field label="Calls per second" hint="Of all callers together. Empty: no limit.">
        <Input
          type="number"
          min={0.01}
          step="any"
          value={draft.requestsPerSecond}
          onChange={(event) => onChange({ requestsPerSecond: event.target.value })}
        />
      </Field>
    </div>
  )
}

function useSave(opened: Draft | undefined, onDone: () => void) {
  const [unread, setUnread] = useState<Error>()
  const put = useAct('putService', {
    changes: ['listServices', 'getService'],
    done: ({ name }) => `The service ${name} is registered`,
    onDone,
    quiet: true,
  })
  const save = (name: string, draft: Draft) => {
    setUnread(undefined)
    try {
      const params = { name }
      const mine = bodyOf(draft)
      if (!opened) return put.mutate({ params, body: mine })
      put.mutate(async (client) => ({
        params,
        body: merge(bodyOf(opened), mine, bodyOf(draftOf(await client.getService({ params })))),
      }))
    } catch {
      setUnread(new Error('The contract is not valid JSON. Give an OpenAPI 3 document or an agent card as JSON.'))
    }
  }
  return { save, error: unread ?? put.error, isPending: put.isPending }
}
