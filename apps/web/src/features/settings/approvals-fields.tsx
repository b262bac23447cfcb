'use client'

import { tenantRoles } from '@freehold/contracts/browser'
import { Field, Input } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import type { DraftFieldsProps } from './draft.ts'

/** Who has to approve what gets into production. */
export function ApprovalsFields({ draft, onChange, errors }: DraftFieldsProps) {
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Field label="Releases to production are approved by" error={errors.of('productionApprovals')}>
        <Select
          value={draft.approvals}
          onChange={(approvals) => onChange({ approvals })}
          options={[
            { value: 'nobody', label: 'nobody: they go out at once' },
            { value: 'people', label: 'other people than who asks' },
          ]}
        />
      </Field>
      {draft.approvals === 'people' && (
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="How many people">
            <Input
              type="number"
              min={1}
              max={10}
              required
              value={draft.approvers}
              onChange={(event) => onChange({ approvers: event.target.value })}
            />
          </Field>
          <Field label="Each of them is">
            <Select
              value={draft.approverRole}
              onChange={(approverRole) => onChange({ approverRole })}
              options={[
                { value: 'any', label: 'anyone who may decide' },
                ...tenantRoles.map((role) => ({ value: role, label: role })),
              ]}
            />
          </Field>
        </div>
      )}
    </div>
  )
}
