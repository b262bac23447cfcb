'use client'

import type { ApprovalPolicy, ApprovalTerms, TenantRole } from '@freehold/contracts'
import { tenantRoles } from '@freehold/contracts/browser'
import { Checkbox } from '../../../ui/checkbox.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import type { FieldErrors } from '../../../ui/field-errors.ts'
import { Select } from '../../../ui/select.tsx'

interface ApprovalFieldsProps {
  policy: ApprovalPolicy
  onChange: (policy: ApprovalPolicy) => void
  errors: FieldErrors
}

type DefaultRule = NonNullable<ApprovalPolicy['default']>

const requirements = [
  { value: 'risk', label: 'Only tools of high risk ask' },
  { value: 'always', label: 'Every tool asks' },
  { value: 'when', label: 'A tool asks when …' },
] as const

const outcomes = [
  { value: 'reject', label: 'The call is refused' },
  { value: 'fail', label: 'The run fails' },
  { value: 'approve', label: 'It counts as approved' },
] as const

const hourMs = 3_600_000

/** When tools ask a person, who that may be, and until when. A tool's own rule comes first. */
export function ApprovalFields({ policy, onChange, errors }: ApprovalFieldsProps) {
  const rule = policy.default ?? {}
  const change = (changed: DefaultRule) => {
    const { default: _, ...others } = policy
    onChange(Object.keys(changed).length > 0 ? { ...others, default: changed } : others)
  }
  const choose = (next: (typeof requirements)[number]['value']) => {
    const { require: _, when, ...terms } = rule
    change(next === 'risk' ? terms : { ...terms, require: next, ...(next === 'when' && { when: when ?? '' }) })
  }
  return (
    <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-1">
      <Field label="For all tools" error={errors.of('approvals.default')}>
        <Select value={rule.require ?? 'risk'} options={requirements} onChange={choose} />
      </Field>
      {rule.require === 'when' && (
        <Field label="Condition for all tools" hint="A CEL expression over args, agent and environment.">
          <Input
            value={rule.when ?? ''}
            onChange={(event) => change({ ...rule, when: event.target.value })}
            placeholder='environment == "production"'
            className="font-mono text-xs"
          />
        </Field>
      )}
      <Terms terms={rule} onChange={change} />
      <BudgetRaise policy={policy} onChange={onChange} />
    </div>
  )
}

function Terms({ terms, onChange }: { terms: DefaultRule; onChange: (terms: DefaultRule) => void }) {
  const set = <Name extends keyof ApprovalTerms>(name: Name, value: ApprovalTerms[Name] | undefined) => {
    const { [name]: _, ...others } = terms
    onChange(value === undefined ? others : { ...others, [name]: value })
  }
  const role = terms.approvers?.roles[0]
  const actors = terms.approvers?.actors ?? []
  const setRole = (next: TenantRole | 'any') => {
    const roles = next === 'any' ? [] : [next]
    set('approvers', roles.length + actors.length > 0 ? { actors, roles } : undefined)
  }
  return (
    <>
      <Field label="Who may approve">
        <Select
          value={role ?? 'any'}
          options={[
            { value: 'any', label: 'Whoever may decide approvals' },
            ...tenantRoles.map((each) => ({ value: each, label: `Who is ${each}` })),
          ]}
          onChange={setRole}
        />
      </Field>
      <Field label="How many of them" hint="One refusal refuses.">
        <Input
          type="number"
          min={1}
          max={20}
          value={terms.quorum ?? ''}
          placeholder="1"
          onChange={({ target }) => set('quorum', target.value === '' ? undefined : Number(target.value))}
        />
      </Field>
      <Field label="Hours to decide">
        <Input
          type="number"
          min={1}
          max={480}
          value={terms.expiresAfterMs === undefined ? '' : terms.expiresAfterMs / hourMs}
          placeholder="24"
          onChange={({ target }) =>
            set('expiresAfterMs', target.value === '' ? undefined : Number(target.value) * hourMs)
          }
        />
      </Field>
      <Field label="When nobody decides in time">
        <Select value={terms.onExpiry ?? 'reject'} options={outcomes} onChange={(next) => set('onExpiry', next)} />
      </Field>
    </>
  )
}

function BudgetRaise({ policy, onChange }: Pick<ApprovalFieldsProps, 'policy' | 'onChange'>) {
  const { budget, ...others } = policy
  return (
    <Checkbox
      label="Ask to raise a budget that is used up"
      hint="The run waits for the answer. Without this it fails."
      checked={budget !== undefined}
      onChange={(asks) => onChange(asks ? { ...others, budget: {} } : others)}
      className="sm:col-span-2 xl:col-span-1"
    />
  )
}
