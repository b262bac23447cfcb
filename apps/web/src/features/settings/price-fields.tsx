'use client'

import { priceDecimals } from '@freehold/contracts/browser'
import { Field, Input } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import type { DraftFieldsProps } from './draft.ts'

/** What becomes of a model whose price nobody knows. */
export function PriceFields({ draft, onChange, errors }: DraftFieldsProps) {
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Field
        label="Models without a known price"
        hint="A budget can only limit what has a price."
        error={errors.of('assumedPrice')}
      >
        <Select
          value={draft.price}
          onChange={(price) => onChange({ price })}
          options={[
            { value: 'refused', label: 'are refused where a budget limits money' },
            { value: 'assumed', label: 'count at a price of our own' },
          ]}
        />
      </Field>
      {draft.price === 'assumed' && (
        <div className="grid gap-3 sm:grid-cols-2">
          {(['inputPrice', 'outputPrice'] as const).map((name) => (
            <Field key={name} label={`US$ per million tokens ${name === 'inputPrice' ? 'in' : 'out'}`}>
              <Input
                type="number"
                min={0}
                step={10 ** -priceDecimals}
                required
                value={draft[name]}
                onChange={(event) => onChange({ [name]: event.target.value })}
              />
            </Field>
          ))}
        </div>
      )}
    </div>
  )
}
