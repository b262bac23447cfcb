'use client'

import { useId } from 'react'
import { Field, Input, TextArea } from '../../../ui/field.tsx'
import type { FieldErrors } from '../../../ui/field-errors.ts'
import { Card } from '../../../ui/page.tsx'
import { ApprovalFields } from './approval-fields.tsx'
import { type Draft, type LimitName, limitFields } from './draft.ts'
import { PromptEditor } from './prompt-editor.tsx'
import { ToolPicker } from './tool-picker.tsx'

/** Under which names `ConfigFields` shows what is wrong. */
export const configFields = [
  'description',
  'prompts',
  'model',
  'fallbackModels',
  'program',
  'tools',
  'approvals',
  'limits',
] as const

interface ConfigFieldsProps {
  draft: Draft
  onChange: (draft: Draft) => void
  errors: FieldErrors
}

/** Everything that a version of an agent says. */
export function ConfigFields({ draft, onChange, errors }: ConfigFieldsProps) {
  const change = (changed: Partial<Draft>) => onChange({ ...draft, ...changed })
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="flex min-w-0 flex-col gap-5">
        <Card title="Prompt" className="pb-4">
          <div className="flex flex-col gap-4 px-4 pt-4">
            <Field
              label="Description"
              hint="For people, and for agents that delegate to it."
              error={errors.of('description')}
            >
              <TextArea
                value={draft.description}
                onChange={(event) => change({ description: event.target.value })}
                rows={2}
              />
            </Field>
            <PromptEditor
              value={draft.system}
              onChange={(system) => change({ system })}
              error={errors.of('prompts.system') ?? errors.of('prompts')}
            />
          </div>
        </Card>
        <Card title="Tools">
          <div className="p-4">
            <ToolPicker draft={draft} onChange={change} errors={errors} />
          </div>
        </Card>
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <Card title="Model">
          <div className="p-4">
            <ModelFields draft={draft} onChange={change} errors={errors} />
          </div>
        </Card>
        <Card title="Approvals">
          <div className="p-4">
            <ApprovalFields policy={draft.approvals} onChange={(approvals) => change({ approvals })} errors={errors} />
          </div>
        </Card>
        <Card title="Limits">
          <div className="p-4">
            <LimitFields draft={draft} onChange={change} errors={errors} />
          </div>
        </Card>
      </div>
    </div>
  )
}

interface PartProps {
  draft: Draft
  onChange: (changed: Partial<Draft>) => void
  errors: FieldErrors
}

function ModelFields({ draft, onChange, errors }: PartProps) {
  const models = useId()
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Model" hint="default, or <provider>/<model>" error={errors.of('model')}>
        <Input
          value={draft.model}
          onChange={(event) => onChange({ model: event.target.value.trim() })}
          list={models}
          spellCheck={false}
        />
      </Field>
      <datalist id={models}>
        <option value="default">The platform’s default</option>
        <option value="demo">A script that answers without a key</option>
      </datalist>
      <Field
        label="Fallback models"
        hint="Tried in this order when the provider fails. Commas between."
        error={errors.of('fallbackModels')}
      >
        <Input
          value={draft.fallbackModels}
          onChange={(event) => onChange({ fallbackModels: event.target.value })}
          spellCheck={false}
        />
      </Field>
      <Field
        label="Program"
        hint="How it works through a task. assistant: in a loop of model and tools."
        error={errors.of('program')}
        className="sm:col-span-2"
      >
        <Input
          value={draft.program}
          onChange={(event) => onChange({ program: event.target.value.trim() })}
          spellCheck={false}
        />
      </Field>
    </div>
  )
}

function LimitFields({ draft, onChange, errors }: PartProps) {
  const set = (name: LimitName, value: string) => onChange({ limits: { ...draft.limits, [name]: value } })
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {limitFields.map(({ name, label, hint }) => (
        <Field key={name} label={label} hint={hint} error={errors.of(`limits.${name}`)}>
          <Input
            value={draft.limits[name]}
            onChange={(event) => set(name, event.target.value)}
            inputMode="decimal"
            placeholder="default"
          />
        </Field>
      ))}
    </div>
  )
}
