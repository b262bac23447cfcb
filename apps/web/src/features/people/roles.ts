import type { TenantRole } from '@freehold/contracts'
import { tenantRoles } from '@freehold/contracts/browser'

export const roleHints: Readonly<Record<TenantRole, string>> = {
  owner: 'Answers for the tenant; may do everything and makes owners',
  admin: 'Everything but to make owners',
  builder: 'Makes agents with their connections, and tries them',
  operator: 'Starts, stops and approves; sets budgets',
  viewer: 'Looks on',
}

/** An owner gives and takes every role, an admin every one but the owner's, anyone else those that they have. */
export function givableRoles(own: readonly TenantRole[]): TenantRole[] {
  if (own.includes('owner')) return [...tenantRoles]
  return tenantRoles.filter((role) => own.includes(role) || (own.includes('admin') && role !== 'owner'))
}
