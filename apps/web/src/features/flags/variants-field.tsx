'use client'

import type { Flag } from '@freehold/contracts'
import { Plus, Trash2 } from 'lucide-react'
import { Button } from '../../ui/button.tsx'
import { Input, TextArea } from '../../ui/field.tsx'
import type { DraftedVariant } from './draft.ts'

interface VariantsFieldProps {
  type: Flag['type']
  variants: readonly DraftedVariant[]
  onChange: (variants: DraftedVariant[]) => void
}

/** The values that a flag can have, each with a name. */
export function VariantsField({ type, variants, onChange }: VariantsFieldProps) {
  const set = (index: number, changed: Partial<DraftedVariant>) =>
    onChange(variants.map((each, at) => (at === index ? { ...each, ...changed } : each)))
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1.5 font-medium">Variants</legend>
      {variants.map(({ name, value }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name changes while it is typed
        <div key={index} className="flex items-start gap-2">
          <Input
            aria-label={`Name of variant ${index + 1}`}
            value={name}
            required
            maxLength={63}
            onChange={(event) => set(index, { name: event.target.value })}
            className="w-28 font-mono text-xs"
          />
          <TextArea
            aria-label={`Value of variant ${index + 1}`}
            value={value}
            required
            rows={1}
            placeholder={type === 'object' ? '{"limit": 3}' : ''}
            onChange={(event) => set(index, { value: event.target.value })}
            className="min-h-8.5 font-mono text-xs"
          />
          <Button
            kind="quiet"
            size="icon"
            aria-label={`Remove variant ${index + 1}`}
            disabled={variants.length === 1}
            onClick={() => onChange(variants.filter((_, at) => at !== index))}
          >
            <Trash2 />
          </Button>
        </div>
      ))}
      <Button
        size="small"
        className="self-start"
        onClick={() => onChange([...variants, { name: String.fromCharCode(97 + variants.length), value: '' }])}
      >
        <Plus /> Variant
      </Button>
    </fieldset>
  )
}
