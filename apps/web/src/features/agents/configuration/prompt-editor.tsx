'use client'

import { useState } from 'react'
import { Button } from '../../../ui/button.tsx'
import { Field, TextArea } from '../../../ui/field.tsx'
import { formatNumber } from '../../../ui/format.ts'

interface PromptEditorProps {
  value: string
  onChange: (value: string) => void
  error: string | undefined
}

const [leastRows, mostRows] = [8, 28]

export function PromptEditor({ value, onChange, error }: PromptEditorProps) {
  const [isMono, setMono] = useState(false)
  const lines = value === '' ? 0 : value.split('\n').length
  return (
    <div className="relative">
      <Field
        label="System prompt"
        error={error}
        hint={`What the agent is for, how it works, what it must not do. ${count(lines, 'line')}, ${count(value.length, 'character')}.`}
      >
        <TextArea
          value={value}
          onChange={(event) => onChange(event.target.value)}
          rows={Math.min(mostRows, Math.max(leastRows, lines + 1))}
          spellCheck={!isMono}
          className={isMono ? 'font-mono text-xs' : undefined}
        />
      </Field>
      <Button
        kind="quiet"
        size="small"
        aria-pressed={isMono}
        onClick={() => setMono(!isMono)}
        className="absolute -top-1.5 right-0 aria-pressed:bg-sunken aria-pressed:text-ink"
      >
        Monospace
      </Button>
    </div>
  )
}

function count(number: number, thing: string): string {
  return `${formatNumber(number)} ${thing}${number === 1 ? '' : 's'}`
}
