'use client'

import type { Environment, Flag, PutFlag } from '@freehold/contracts'
import { useState } from 'react'
import { merge } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import { bodyOf, booleanVariants, type Draft, definitionOf, draftOf } from './draft.ts'
import { RulesField } from './rules-field.tsx'
import { SharesField } from './shares-field.tsx'
import { VariantsField } from './variants-field.tsx'

const types = [
  { value: 'boolean', label: 'on or off' },
  { value: 'string', label: 'a text' },
  { value: 'number', label: 'a number' },
  { value: 'object', label: 'an object (JSON)' },
] as const

interface FlagFormProps {
  environment: Environment
  flag?: Flag
  onClose: () => void
}

/** Makes a flag in an environment, or changes it there. */
export function FlagForm({ environment, flag, onClose }: FlagFormProps) {
  const [draft, setDraft] = useState(() => draftOf(flag))
  const set = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }))
  const { save, error, isPending } = useSave(environment, flag, onClose)
  const errors = fieldErrors(error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={flag ? `${flag.name} in ${environment}` : `New flag in ${environment}`}
      action={flag ? 'Save' : 'Make flag'}
      busy={isPending}
      error={errors.rest('name', 'description')}
      onSubmit={(form) => save(flag?.name ?? String(form.get('name')), draft)}
      width="max-w-2xl"
    >
      {!flag && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Name" hint="Lower-case letters, digits and hyphens." error={errors.of('name')}>
            <Input name="name" required maxLength={63} autoFocus placeholder="new-prompt" />
          </Field>
          <TypeField draft={draft} onChange={set} />
        </div>
      )}
      <Field label="What it is for" error={errors.of('description')}>
        <Input
          value={draft.description}
          maxLength={500}
          onChange={(event) => set({ description: event.target.value })}
        />
      </Field>
      <Checkbox
        label="On"
        hint="Off: false, or whatever a program does without the flag."
        checked={draft.enabled}
        onChange={(enabled) => set({ enabled })}
      />
      {draft.type !== 'boolean' && (
        <VariantsField type={draft.type} variants={draft.variants} onChange={(variants) => set({ variants })} />
      )}
      <RulesField variants={draft.variants} rules={draft.rules} onChange={(rules) => set({ rules })} />
      <SharesField
        label={draft.rules.length > 0 ? 'When no rule holds' : 'It says'}
        variants={draft.variants}
        shares={draft.serve}
        onChange={(serve) => set({ serve })}
      />
    </FormDialog>
  )
}

interface TypeFieldProps {
  draft: Draft
  onChange: (changed: Partial<Draft>) => void
}

function TypeField({ draft, onChange }: TypeFieldProps) {
  const choose = (type: Draft['type']) =>
    onChange({
      type,
      rules: [],
      ...(type === 'boolean' ? { variants: booleanVariants } : { variants: [{ key: 0, name: 'a', value: '' }] }),
      serve: { 0: 100 },
    })
  return (
    <Field label="It is">
      <Select value={draft.type} onChange={choose} options={types} />
    </Field>
  )
}

function useSave(environment: Environment, flag: Flag | undefined, onDone: () => void) {
  const [problem, setProblem] = useState<Error>()
  const put = useAct('putFlag', {
    changes: ['listFlags'],
    done: ({ name }) => `The flag ${name} is saved in ${environment}`,
    onDone,
    quiet: true,
  })
  const save = (name: string, draft: Draft) => {
    const names = new Set(draft.variants.map((variant) => variant.name))
    if (names.size < draft.variants.length) {
      setProblem(new Error('Two variants have the same name. Give each a name of its own.'))
      return
    }
    setProblem(undefined)
    try {
      const of = { params: { name }, query: { environment } }
      const mine = bodyOf(draft)
      if (!flag) return put.mutate({ ...of, body: mine })
      put.mutate(async (client) => ({
        ...of,
        body: merge<PutFlag>(bodyOf(draftOf(flag)), mine, definitionOf(await client.getFlag(of))),
      }))
    } catch {
      setProblem(new Error('A value is not valid JSON. Put texts in quotes, and names of fields too.'))
    }
  }
  return { save, error: problem ?? put.error, isPending: put.isPending }
}
