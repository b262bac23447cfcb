'use client'

import { Field, Input } from '../../ui/field.tsx'
import { isColor } from './is-color.ts'

interface ColorFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  error: string | undefined
}

/** A colour as text, with the browser's picker beside it. */
export function ColorField({ label, value, onChange, error }: ColorFieldProps) {
  return (
    <Field label={label} error={error}>
      <span className="flex gap-2">
        <input
          type="color"
          aria-label={`Pick: ${label}`}
          value={isColor(value) ? value : '#808080'}
          onChange={(event) => onChange(event.target.value)}
          className="h-8.5 w-10 shrink-0 rounded-md border border-line bg-surface p-1"
        />
        <Input
          value={value}
          maxLength={7}
          placeholder="#…"
          onChange={(event) => onChange(event.target.value.trim())}
          className="font-mono text-xs"
        />
      </span>
    </Field>
  )
}
