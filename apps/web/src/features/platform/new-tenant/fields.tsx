'use client'

import { tenantNameHint, tenantNamePattern } from '@freehold/contracts/browser'
import { Checkbox } from '../../../ui/checkbox.tsx'
import { mostDollars, smallestDollars } from '../../../ui/dollars.ts'
import { Field, Input } from '../../../ui/field.tsx'
import type { FieldErrors } from '../../../ui/field-errors.ts'
import { PlanField } from '../plan-field.tsx'
import type { Draft } from './draft.ts'

export type Change = (part: Partial<Draft>) => void

interface StepProps {
  draft: Draft
  onChange: Change
  errors: FieldErrors
}

export function NameStep({ draft, onChange, errors, taken }: StepProps & { taken: string | undefined }) {
  const isName = tenantNamePattern.test(draft.name)
  const problem = draft.name === taken ? 'There is a tenant of this name already: choose another one' : undefined
  return (
    <>
      <Field
        label="Name"
        hint={`It stands in addresses, as in /t/${draft.name || 'acme'}, and stays.`}
        error={problem ?? errors.of('name') ?? (isName || draft.name === '' ? undefined : tenantNameHint)}
      >
        <Input
          required
          pattern={tenantNamePattern.source}
          title={tenantNameHint}
          autoFocus
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          value={draft.name}
          onChange={(event) => onChange({ name: event.target.value })}
        />
      </Field>
      <PlanField plan={draft.plan} onChange={(plan) => onChange({ plan })} error={errors.of('plan')} />
    </>
  )
}

export function OwnerStep({ draft, onChange, errors }: StepProps) {
  return (
    <Field
      label="Address of its owner"
      hint="They get an invitation by mail, and you a link to pass on. Leave it empty to invite nobody yet."
      error={errors.of('owners')}
    >
      <Input
        type="email"
        maxLength={254}
        autoFocus
        value={draft.owner}
        onChange={(event) => onChange({ owner: event.target.value })}
      />
    </Field>
  )
}

export function StartStep({ draft, onChange, errors }: StepProps) {
  return (
    <>
      <Field
        label="First team"
        hint="Owns agents and budgets of its own. Leave it empty for none."
        error={errors.of('teams')}
      >
        <Input
          maxLength={63}
          autoFocus
          value={draft.team}
          onChange={(event) => onChange({ team: event.target.value })}
        />
      </Field>
      <Field
        label="Budget per month, in dollars"
        hint="For the whole tenant; it warns at 80 percent. Leave it empty for no limit."
        error={errors.of('budgets')}
      >
        <Input
          type="number"
          min={0}
          max={mostDollars}
          step={smallestDollars}
          value={draft.dollars}
          onChange={(event) => onChange({ dollars: event.target.value })}
        />
      </Field>
      <Checkbox
        label="With a first agent"
        hint="“assistant”, which calculates and tells the time, to try the tenant with."
        checked={draft.hasAgent}
        onChange={(hasAgent) => onChange({ hasAgent })}
      />
    </>
  )
}
