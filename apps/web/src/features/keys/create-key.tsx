'use client'

import type { Environment, TenantRole } from '@freehold/contracts'
import { environmentPermissions, permissionsOf } from '@freehold/contracts/browser'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import { ShownOnce } from '../../ui/shown-once.tsx'
import { environments } from '../agents/environments.ts'
import { memberName } from '../people/member-name.ts'
import { membersQuery } from '../people/members-query.ts'
import { givableRoles } from '../people/roles.ts'

/** What the form holds beside its plain inputs. */
interface Terms {
  /** The service account that it acts as; empty: a key of its own. */
  account: string
  role: TenantRole
  environment: Environment | 'all'
  expires: (typeof expiries)[number]['value']
}

const dayMs = 86_400_000
const expiries = [
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
  { value: 'never', label: 'never' },
] as const

export function CreateKey({ onClose }: { onClose: () => void }) {
  const { can, me } = useSession()
  const roles = givableRoles(me.roles)
  const [terms, setTerms] = useState<Terms>({
    account: '',
    role: roles.includes('operator') ? 'operator' : (roles[0] ?? 'viewer'),
    environment: 'all',
    expires: 'never',
  })
  const create = useAct('createKey', { changes: ['listKeys'], quiet: true })
  if (create.data) return <ShownOnce title="The new key" label="Key" text={create.data.apiKey} onClose={onClose} />
  const errors = fieldErrors(create.error)
  const submit = (form: FormData) => {
    const rate = String(form.get('rate'))
    create.mutate({
      body: {
        name: String(form.get('name')),
        ...grantOf(terms, can),
        ...(terms.expires !== 'never' && {
          expiresAt: new Date(Date.now() + Number(terms.expires) * dayMs).toISOString(),
        }),
        ...(rate !== '' && { requestsPerSecond: Number(rate) }),
      },
    })
  }
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title="New key"
      action="Make key"
      busy={create.isPending}
      error={errors.rest('name', 'expiresAt', 'requestsPerSecond')}
      onSubmit={submit}
    >
      <Field label="Name" hint="The program that will use it." error={errors.of('name')}>
        <Input name="name" required maxLength={100} autoFocus />
      </Field>
      <TermsFields terms={terms} roles={roles} onChange={(changed) => setTerms({ ...terms, ...changed })} />
      <Field
        label="Requests per second"
        hint="A lower limit than the plan has for a key. Empty: that of the plan."
        error={errors.of('requestsPerSecond')}
      >
        <Input name="rate" type="number" min={0.01} step="any" />
      </Field>
    </FormDialog>
  )
}

/** What a service account may do, its key may; any other key gets what its role has, as far as its maker and the environment go. */
function grantOf({ account, role, environment }: Terms, can: ReturnType<typeof useSession>['can']) {
  const held = permissionsOf([role]).filter(can)
  const fitting = environment === 'all' ? held : held.filter((each) => environmentPermissions.includes(each))
  const bound = environment === 'all' ? {} : { environment }
  return account === '' ? { roles: [role], scopes: fitting, ...bound } : { serviceAccountId: account, ...bound }
}

interface TermsFieldsProps {
  terms: Terms
  roles: readonly TenantRole[]
  onChange: (changed: Partial<Terms>) => void
}

function TermsFields({ terms, roles, onChange }: TermsFieldsProps) {
  const { can } = useSession()
  const members = usePages('listMembers', membersQuery)
  const accounts = members.items?.filter(({ kind }) => kind === 'service') ?? []
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {can('members:read') && accounts.length > 0 && (
        <Field label="It acts as">
          <Select
            value={terms.account}
            onChange={(account) => onChange({ account })}
            options={[
              { value: '', label: 'itself' },
              ...accounts.map((each) => ({ value: each.id, label: memberName(each) })),
            ]}
          />
        </Field>
      )}
      {terms.account === '' && (
        <Field label="It may do what this role may">
          <Select
            value={terms.role}
            onChange={(role) => onChange({ role })}
            options={roles.map((each) => ({ value: each, label: each }))}
          />
        </Field>
      )}
      <Field label="Where">
        <Select
          value={terms.environment}
          onChange={(environment) => onChange({ environment })}
          options={[
            { value: 'all', label: 'every environment' },
            ...environments.map((each) => ({ value: each, label: `${each} only` })),
          ]}
        />
      </Field>
      <Field label="It stops working">
        <Select value={terms.expires} onChange={(expires) => onChange({ expires })} options={expiries} />
      </Field>
    </div>
  )
}
