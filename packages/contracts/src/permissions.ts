/** What a caller may do. Closed: a verb can only ask for a permission that stands here. */
export const tenantPermissions = [
  'agents:read',
  'agents:write',
  'agents:release',
  'budgets:read',
  'budgets:write',
  'approvals:read',
  'approvals:decide',
  'audit:read',
  'connections:read',
  'connections:write',
  'keys:read',
  'keys:write',
  // To release past an environment, or without the approval that is asked for.
  'releases:force',
  'releases:decide',
  'runs:read',
  'runs:start',
  'runs:control',
  'schedules:read',
  'schedules:write',
  'secrets:read',
  'secrets:write',
  'tenant:read',
  'tenant:write',
  'threads:read',
  'usage:read',
  'webhooks:read',
  'webhooks:write',
] as const

/** What a key can do that is bound to an environment. Everything else reaches across environments. */
export const environmentPermissions: readonly TenantPermission[] = [
  'agents:read',
  'runs:read',
  'runs:start',
  'runs:control',
]

/** What someone is in a tenant. A permission says what a key can do; a role says whose decision it carries. */
export const tenantRoles = ['owner', 'admin', 'builder', 'operator', 'viewer'] as const
export type TenantRole = (typeof tenantRoles)[number]

/** Held by the operator of the installation only; no tenant key can carry one. */
export const platformPermissions = ['platform:tenants:read', 'platform:tenants:write'] as const

export type TenantPermission = (typeof tenantPermissions)[number]
export type PlatformPermission = (typeof platformPermissions)[number]
export type Permission = TenantPermission | PlatformPermission

export const permissions: readonly Permission[] = [...tenantPermissions, ...platformPermissions]
