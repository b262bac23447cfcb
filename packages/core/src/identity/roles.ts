import { FreeholdError, type TenantRole, tenantRoles } from '@freehold/contracts'
import type { Caller } from './caller.ts'

/** Those that are roles, each once, in the order of their list. */
export function rolesOf(names: readonly string[]): TenantRole[] {
  return tenantRoles.filter((role) => names.includes(role))
}

/** An owner gives and takes every role, an admin every one but the owner's, anyone else those that they have. */
export function assertCanGive(caller: Caller, roles: readonly TenantRole[]): void {
  const missing = roles.filter((role) => !canGive(caller, role))
  if (missing.length === 0) return
  throw new FreeholdError('permission_denied', `Only an owner can give or take the role ${missing.join(', ')}.`)
}

function canGive({ roles }: Caller, role: TenantRole): boolean {
  return roles.includes('owner') || roles.includes(role) || (roles.includes('admin') && role !== 'owner')
}
