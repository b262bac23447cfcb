'use client'

import { Plus, Trash2 } from 'lucide-react'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import { type DraftedRule, type DraftedVariant, nextKey } from './draft.ts'
import { SharesField } from './shares-field.tsx'

interface RulesFieldProps {
  variants: readonly DraftedVariant[]
  rules: readonly DraftedRule[]
  onChange: (rules: DraftedRule[]) => void
}

/** What is said to some: the first rule that holds decides. */
export function RulesField({ variants, rules, onChange }: RulesFieldProps) {
  const add = () => {
    const serve = { [variants[0]?.key ?? 0]: 100 }
    onChange([...rules, { key: nextKey(rules), attribute: '', operator: 'in', values: '', further: [], serve }])
  }
  return (
    <fieldset className="flex min-w-0 flex-col gap-3">
      <legend className="mb-1.5 font-medium">Rules</legend>
      {rules.length === 0 && <p className="text-xs text-soft">None: it says the same to everybody, by their share.</p>}
      {rules.map((rule, index) => (
        <Rule
          key={rule.key}
          rule={rule}
          number={index + 1}
          variants={variants}
          onChange={(changed) => onChange(rules.map((each) => (each === rule ? { ...each, ...changed } : each)))}
          onRemove={() => onChange(rules.filter((each) => each !== rule))}
        />
      ))}
      <Button size="small" className="self-start" onClick={add}>
        <Plus /> Rule
      </Button>
    </fieldset>
  )
}

interface RuleProps {
  rule: DraftedRule
  number: number
  variants: readonly DraftedVariant[]
  onChange: (changed: Partial<DraftedRule>) => void
  onRemove: () => void
}

function Rule({ rule, number, variants, onChange, onRemove }: RuleProps) {
  return (
    <div className="flex flex-col gap-3 rounded-md border border-line p-3">
      <div className="flex flex-wrap items-center gap-2">
        <span className="text-soft">When</span>
        <Input
          aria-label={`Attribute of rule ${number}`}
          value={rule.attribute}
          required
          maxLength={63}
          placeholder="plan"
          onChange={(event) => onChange({ attribute: event.target.value })}
          className="w-28!"
        />
        <Select
          label={`Operator of rule ${number}`}
          value={rule.operator}
          onChange={(operator) => onChange({ operator })}
          options={[
            { value: 'in', label: 'is one of' },
            { value: 'not_in', label: 'is none of' },
          ]}
        />
        <Input
          aria-label={`Values of rule ${number}`}
          value={rule.values}
          required
          placeholder="gold, silver"
          onChange={(event) => onChange({ values: event.target.value })}
          className="w-40! grow"
        />
        <Button kind="quiet" size="icon" aria-label={`Remove rule ${number}`} onClick={onRemove}>
          <Trash2 />
        </Button>
      </div>
      {rule.further.map(({ attribute, operator, values }) => (
        <p key={`${attribute} ${values.join()}`} className="text-xs text-soft">
          and {attribute} is {operator === 'in' ? 'one' : 'none'} of {values.join(', ')}
        </p>
      ))}
      <SharesField label="it says" variants={variants} shares={rule.serve} onChange={(serve) => onChange({ serve })} />
    </div>
  )
}
