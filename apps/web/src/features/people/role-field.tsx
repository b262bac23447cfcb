'use client'

import type { TenantRole } from '@freehold/contracts'
import { tenantRoles } from '@freehold/contracts/browser'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { givableRoles, roleHints } from './roles.ts'

interface RoleFieldProps {
  label: string
  roles: readonly TenantRole[]
  onChange: (roles: TenantRole[]) => void
  error?: string | undefined
}

/** Which roles somebody has. Those that the person can't give stay as they are. */
export function RoleField({ label, roles, onChange, error }: RoleFieldProps) {
  const givable = givableRoles(useSession().me.roles)
  const set = (role: TenantRole, has: boolean) =>
    onChange(tenantRoles.filter((each) => (each === role ? has : roles.includes(each))))
  return (
    <fieldset className="flex flex-col gap-2.5">
      <legend className="mb-1.5 font-medium">{label}</legend>
      {tenantRoles.map((role) => (
        <Checkbox
          key={role}
          label={role}
          hint={roleHints[role]}
          checked={roles.includes(role)}
          disabled={!givable.includes(role)}
          onChange={(has) => set(role, has)}
        />
      ))}
      {error !== undefined && (
        <p role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </fieldset>
  )
}

export function RoleBadges({ roles, none }: { roles: readonly TenantRole[]; none: string }) {
  if (roles.length === 0) return <span className="text-faint">{none}</span>
  return (
    <span className="flex flex-wrap gap-1">
      {roles.map((role) => (
        <Badge key={role} tone={role === 'owner' ? 'accent' : 'neutral'}>
          {role}
        </Badge>
      ))}
    </span>
  )
}
