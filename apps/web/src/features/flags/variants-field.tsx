'use client'

import type { Flag } from '@freehold/contracts'
import { Plus, Trash2 } from 'lucide-react'
import { Button } from '../../ui/button.tsx'
import { Input, TextArea } from '../../ui/field.tsx'
import { type DraftedVariant, nextKey } from './draft.ts'

interface VariantsFieldProps {
  type: Flag['type']
  variants: readonly DraftedVariant[]
  onChange: (variants: DraftedVariant[]) => void
}

const letters = 'abcdefghijklmnopqrstuvwxyz'

/** The values that a flag can have, each with a name. */
export function VariantsField({ type, variants, onChange }: VariantsFieldProps) {
  const set = (key: number, changed: Partial<DraftedVariant>) =>
    onChange(variants.map((each) => (each.key === key ? { ...each, ...changed } : each)))
  const add = () => {
    const name = [...letters].find((letter) => variants.every((each) => each.name !== letter)) ?? ''
    onChange([...variants, { key: nextKey(variants), name, value: '' }])
  }
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1.5 font-medium">Variants</legend>
      {variants.map(({ key, name, value }, index) => (
        <div key={key} className="flex items-start gap-2">
          <Input
            aria-label={`Name of variant ${index + 1}`}
            value={name}
            required
            maxLength={63}
            onChange={(event) => set(key, { name: event.target.value })}
            className="w-28! font-mono text-xs"
          />
          <TextArea
            aria-label={`Value of variant ${index + 1}`}
            value={value}
            required
            rows={1}
            placeholder={type === 'object' ? '{"limit": 3}' : ''}
            onChange={(event) => set(key, { value: event.target.value })}
            className="min-h-8.5 font-mono text-xs leading-normal!"
          />
          <Button
            kind="quiet"
            size="icon"
            aria-label={`Remove variant ${index + 1}`}
            disabled={variants.length === 1}
            onClick={() => onChange(variants.filter((each) => each.key !== key))}
          >
            <Trash2 />
          </Button>
        </div>
      ))}
      <Button size="small" className="self-start" onClick={add}>
        <Plus /> Variant
      </Button>
    </fieldset>
  )
}
