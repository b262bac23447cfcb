import { FreeholdError, type TenantRole } from '@freehold/contracts'
import type { Caller } from './caller.ts'

/** An owner gives and takes every role, an admin every one but the owner's, anyone else those that they have. */
export function assertCanGive(caller: Caller, roles: readonly TenantRole[]): void {
  const missing = roles.filter((role) => !canGive(caller, role))
  if (missing.length === 0) return
  throw new FreeholdError('permission_denied', `Only an owner can give or take the role ${missing.join(', ')}.`)
}

function canGive({ roles }: Caller, role: TenantRole): boolean {
  return roles.includes('owner') || roles.includes(role) || (roles.includes('admin') && role !== 'owner')
}
