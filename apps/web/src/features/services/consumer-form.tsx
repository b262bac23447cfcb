'use client'

import type { ServiceConsumer } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { Field, Input, TextArea } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { describeUse, parseUse } from './uses.ts'

interface ConsumerFormProps {
  service: string
  consumer?: ServiceConsumer
  onClose: () => void
}

export function ConsumerForm({ service, consumer, onClose }: ConsumerFormProps) {
  const [unread, setUnread] = useState<string>()
  const put = useAct('putServiceConsumer', {
    changes: ['listServiceConsumers'],
    done: (after) => `${after.consumer} relies on ${service}`,
    onDone: onClose,
    quiet: true,
  })
  const errors = fieldErrors(put.error)
  const submit = (form: FormData) => {
    const lines = String(form.get('uses'))
      .split('\n')
      .filter((line) => line.trim() !== '')
    const uses = lines.map(parseUse)
    const wrong = lines.find((_, index) => uses[index] === undefined)
    setUnread(wrong)
    if (wrong !== undefined) return
    const name = consumer?.consumer ?? String(form.get('name'))
    put.mutate({ params: { name: service, consumer: name }, body: { uses: uses.filter((use) => use !== undefined) } })
  }
  const wrongUse = unread === undefined ? errors.of('uses') : `“${unread}” is neither an operation nor a skill.`
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={consumer ? `What ${consumer.consumer} relies on` : `Who relies on ${service}`}
      action="Save"
      busy={put.isPending}
      error={errors.rest('consumer', 'uses')}
      onSubmit={submit}
    >
      {!consumer && (
        <Field label="Consumer" hint="The name of a team, an agent or a program." error={errors.of('consumer')}>
          <Input name="name" required maxLength={63} autoFocus placeholder="billing" />
        </Field>
      )}
      <Field
        label="Relies on"
        hint="An operation a line, with the fields that are read of its answer, or all of them when none is named: GET /orders/{id} total. Of an agent card: skill and its id."
        error={wrongUse}
      >
        <TextArea
          name="uses"
          required
          rows={4}
          spellCheck={false}
          defaultValue={consumer?.uses.map(describeUse).join('\n')}
          className="font-mono text-xs"
        />
      </Field>
    </FormDialog>
  )
}
