'use client'

import type { Webhook, WebhookEvent } from '@freehold/contracts'
import { webhookEvents } from '@freehold/contracts/browser'
import { useState } from 'react'
import { changesOf } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { ShownOnce } from '../../ui/shown-once.tsx'

const hints: Readonly<Record<WebhookEvent, string>> = {
  'approval.requested': 'A run asks for an approval',
  'approval.decided': 'Somebody decided, or it expired',
  'budget.warned': 'Spend passed the threshold of a budget',
  'release.rolled_back': 'A release was rolled back, by somebody or by itself',
  'run.failed': 'A run ended as failed',
}

/** Makes a webhook, or changes one. */
export function WebhookForm({ webhook, onClose }: { webhook?: Webhook; onClose: () => void }) {
  const [events, setEvents] = useState<readonly WebhookEvent[]>(webhook?.events ?? ['run.failed'])
  const create = useAct('createWebhook', { changes: ['listWebhooks'], quiet: true })
  const update = useAct('updateWebhook', {
    changes: ['listWebhooks'],
    done: 'The webhook is changed',
    onDone: onClose,
    quiet: true,
  })
  if (create.data)
    return (
      <ShownOnce title="The secret" about={secretAbout} label="Secret" text={create.data.secret} onClose={onClose} />
    )
  const { error, isPending } = webhook ? update : create
  const errors = fieldErrors(error)
  const submit = (form: FormData) => {
    const body = { url: String(form.get('url')), description: String(form.get('description')), events: [...events] }
    if (!webhook) return create.mutate({ body })
    const { url, description, events: before } = webhook
    const changes = changesOf({ url, description, events: before }, body)
    if (changes) update.mutate({ params: { id: webhook.id }, body: changes })
    else onClose()
  }
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={webhook ? 'Change the webhook' : 'New webhook'}
      action={webhook ? 'Save' : 'Make webhook'}
      busy={isPending}
      error={errors.rest('url', 'description', 'events')}
      onSubmit={submit}
    >
      <Field label="Address" hint="It gets a POST for each event, and answers with 2xx." error={errors.of('url')}>
        <Input
          name="url"
          type="url"
          required
          defaultValue={webhook?.url}
          placeholder="https://example.com/hooks"
          autoFocus
        />
      </Field>
      <Field label="What it is for" error={errors.of('description')}>
        <Input name="description" maxLength={1000} defaultValue={webhook?.description} />
      </Field>
      <EventsField events={events} onChange={setEvents} error={errors.of('events')} />
    </FormDialog>
  )
}

const secretAbout =
  'Verify the signature of each delivery by it (Standard Webhooks). Copy it now: it is not shown again.'

interface EventsFieldProps {
  events: readonly WebhookEvent[]
  onChange: (events: WebhookEvent[]) => void
  error: string | undefined
}

function EventsField({ events, onChange, error }: EventsFieldProps) {
  const set = (event: WebhookEvent, has: boolean) =>
    onChange(webhookEvents.filter((each) => (each === event ? has : events.includes(each))))
  return (
    <fieldset className="flex flex-col gap-2.5">
      <legend className="mb-1.5 font-medium">It is told of</legend>
      {webhookEvents.map((event) => (
        <Checkbox
          key={event}
          label={event}
          hint={hints[event]}
          checked={events.includes(event)}
          onChange={(has) => set(event, has)}
        />
      ))}
      {error !== undefined && (
        <p role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </fieldset>
  )
}
