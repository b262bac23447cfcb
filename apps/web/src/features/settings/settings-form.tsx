'use client'

import type { Tenant } from '@freehold/contracts'
import { type FormEvent, useState } from 'react'
import { changesOf, merge } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, TextArea } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Card } from '../../ui/page.tsx'
import { Select } from '../../ui/select.tsx'
import { TimeZoneInput } from '../../ui/time-zone-input.tsx'
import { notify } from '../../ui/toast.tsx'
import { ApprovalsFields } from './approvals-fields.tsx'
import { bodyOf, type Draft, type DraftFieldsProps, draftOf } from './draft.ts'
import { PriceFields } from './price-fields.tsx'

export function SettingsForm({ tenant }: { tenant: Tenant }) {
  const { can } = useSession()
  const [opened, setOpened] = useState(() => draftOf(tenant))
  const [draft, setDraft] = useState(opened)
  const update = useAct('updateOwnTenant', {
    changes: ['getOwnTenant', 'getLimits'],
    done: 'The settings are saved',
    quiet: true,
  })
  const errors = fieldErrors(update.error)
  const fields = {
    draft,
    errors,
    onChange: (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed })),
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = changesOf(bodyOf(opened), bodyOf(draft))
    if (!body) return notify.done('Nothing was changed')
    // What is typed while it is saved stays.
    const onSuccess = (saved: Tenant) => {
      setOpened(draftOf(saved))
      setDraft((now) => merge(draft, now, draftOf(saved)))
    }
    update.mutate({ body }, { onSuccess })
  }
  const rest = errors.rest('timeZone', 'allowedHosts', 'assumedPrice', 'productionApprovals')
  return (
    <Card title="Rules">
      <form onSubmit={submit}>
        <fieldset disabled={!can('tenant:write')} className="grid min-w-0 gap-x-8 gap-y-6 p-4 lg:grid-cols-2">
          <legend className="sr-only">Rules of the tenant</legend>
          <Field
            label="Time zone"
            hint="In which the periods of budgets begin. A change holds from the next period on."
            error={errors.of('timeZone')}
          >
            <TimeZoneInput value={draft.timeZone} onChange={(timeZone) => fields.onChange({ timeZone })} />
          </Field>
          <HostFields {...fields} />
          <ApprovalsFields {...fields} />
          <PriceFields {...fields} />
        </fieldset>
        {can('tenant:write') && (
          <div className="flex flex-wrap items-center justify-end gap-3 border-t border-line px-4 py-3">
            {rest !== undefined && (
              <p role="alert" className="text-bad">
                {rest}
              </p>
            )}
            <Button type="submit" kind="primary" busy={update.isPending}>
              Save
            </Button>
          </div>
        )}
      </form>
    </Card>
  )
}

function HostFields({ draft, onChange, errors }: DraftFieldsProps) {
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Field label="Hosts that agents may reach">
        <Select
          value={draft.reach}
          onChange={(reach) => onChange({ reach })}
          options={[
            { value: 'public', label: 'every public one' },
            { value: 'listed', label: 'only these' },
          ]}
        />
      </Field>
      {draft.reach === 'listed' && (
        <Field
          label="Allowed hosts"
          hint="One a line, such as api.example.com, or *.example.com for what is below it. None: agents reach nothing."
          error={errors.of('allowedHosts')}
        >
          <TextArea
            value={draft.hosts}
            rows={4}
            spellCheck={false}
            onChange={(event) => onChange({ hosts: event.target.value })}
            className="font-mono text-xs"
          />
        </Field>
      )}
    </div>
  )
}
