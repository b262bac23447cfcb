'use client'

import type { Flag, FlagEvaluation } from '@freehold/contracts'
import { useAct } from '../../api/use-api.ts'
import { Json } from '../../ui/code.tsx'
import { Field, Input, TextArea } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'

/** What a flag says to somebody. */
export function TryFlag({ flag: { name, environment, type }, onClose }: { flag: Flag; onClose: () => void }) {
  const evaluate = useAct('evaluateFlag', { changes: [], quiet: true })
  const submit = (form: FormData) => {
    const targetingKey = String(form.get('key'))
    const attributes = attributesOf(String(form.get('attributes')))
    evaluate.mutate({
      params: { name },
      query: { environment },
      body: { type, attributes, ...(targetingKey !== '' && { targetingKey }) },
    })
  }
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`Try ${name}`}
      about={`What it says in ${environment}, as programs ask it.`}
      action="Ask"
      busy={evaluate.isPending}
      error={fieldErrors(evaluate.error).rest()}
      onSubmit={submit}
    >
      <Field label="Targeting key" hint="Such as the id of a thread or a person. The same one always gets the same.">
        <Input name="key" maxLength={500} autoFocus />
      </Field>
      <Field label="Attributes" hint="One a line, such as plan = gold.">
        <TextArea name="attributes" rows={2} spellCheck={false} className="min-h-16 font-mono text-xs" />
      </Field>
      {evaluate.data && <Answer evaluation={evaluate.data} />}
    </FormDialog>
  )
}

function Answer({ evaluation: { value, variant, reason } }: { evaluation: FlagEvaluation }) {
  return (
    <div role="status" className="flex flex-col gap-1.5">
      <p>
        {variant === null ? 'It says' : `It says, by the variant ${variant}`}{' '}
        <span className="text-faint">({reason})</span>
      </p>
      <Json value={value} label="What the flag says" />
    </div>
  )
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.split('='))
      .filter(([name, ...rest]) => name?.trim() && rest.length > 0)
      .map(([name = '', ...rest]) => [name.trim(), rest.join('=').trim()]),
  )
}
