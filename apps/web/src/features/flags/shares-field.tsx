'use client'

import { Input } from '../../ui/field.tsx'
import type { DraftedVariant, Shares } from './draft.ts'

interface SharesFieldProps {
  label: string
  variants: readonly DraftedVariant[]
  shares: Shares
  onChange: (shares: Shares) => void
}

/** To which share of those who ask each variant goes. Of two the other one follows. */
export function SharesField({ label, variants, shares, onChange }: SharesFieldProps) {
  const set = (key: number, percent: number) => {
    const [other, ...more] = variants.filter((each) => each.key !== key)
    const follows = other && more.length === 0 ? { [other.key]: 100 - percent } : {}
    onChange({ ...shares, [key]: percent, ...follows })
  }
  const sum = variants.reduce((total, { key }) => total + (shares[key] ?? 0), 0)
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 font-medium">{label}</legend>
      <div className="flex flex-wrap gap-3">
        {variants.map(({ key, name }) => (
          <span key={key} className="flex items-center gap-2">
            <span className="font-mono text-xs">{name || '?'}</span>
            <Input
              aria-label={`${label}: percent of ${name}`}
              type="number"
              min={0}
              max={100}
              step="any"
              value={shares[key] ?? 0}
              onChange={(event) => set(key, Number(event.target.value))}
              className="w-20!"
            />
            %
          </span>
        ))}
      </div>
      {Math.abs(sum - 100) >= 0.001 && (
        <p className="mt-1 text-xs text-bad">The shares add up to {sum} %, not 100 %.</p>
      )}
    </fieldset>
  )
}
