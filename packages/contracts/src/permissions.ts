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
  'flags:read',
  'flags:write',
  'keys:read',
  'keys:write',
  'members:read',
  'members:write',
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
  'services:read',
  'services:write',
  // To send requests to what is registered.
  'services:call',
  // To accept a contract that breaks consumers.
  'services:force',
  'teams:read',
  'teams:write',
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
  'services:call',
]

/** What somebody can do who acts for a team, or a key of one. Everything else concerns the tenant as a whole. */
export const teamPermissions: readonly TenantPermission[] = [
  'agents:read',
  'agents:write',
  'agents:release',
  'budgets:read',
  'budgets:write',
  'approvals:read',
  'approvals:decide',
  'connections:read',
  'connections:write',
  'keys:read',
  'keys:write',
  'releases:decide',
  'runs:read',
  'runs:start',
  'runs:control',
  'secrets:read',
  'secrets:write',
  'services:read',
  'services:write',
  'services:call',
  'threads:read',
  'usage:read',
]

/** What someone is in a tenant or in a team. It decides what a person may do, and whose decision an approval carries. */
export const tenantRoles = ['owner', 'admin', 'builder', 'operator', 'viewer'] as const
export type TenantRole = (typeof tenantRoles)[number]

const viewing = [
  'agents:read',
  'budgets:read',
  'approvals:read',
  'connections:read',
  'flags:read',
  'members:read',
  'runs:read',
  'schedules:read',
  'services:read',
  'teams:read',
  'tenant:read',
  'threads:read',
  'usage:read',
  'webhooks:read',
] as const satisfies readonly TenantPermission[]

/** What each role may do. Whoever has several may do what any of them may. */
export const rolePermissions: Readonly<Record<TenantRole, readonly TenantPermission[]>> = {
  owner: tenantPermissions,
  // Everything but to be an owner: only an owner makes one, and only an owner releases past the rules.
  admin: tenantPermissions.filter((permission) => permission !== 'releases:force'),
  // Makes agents and what they need, and tries them.
  builder: [
    ...viewing,
    'agents:write',
    'agents:release',
    'connections:write',
    'flags:write',
    'keys:read',
    'runs:start',
    'runs:control',
    'schedules:write',
    'secrets:read',
    'secrets:write',
    'services:write',
    'services:call',
    'webhooks:write',
  ],
  // Keeps agents at work: starts, stops, approves.
  operator: [
    ...viewing,
    'approvals:decide',
    'budgets:write',
    'releases:decide',
    'runs:start',
    'runs:control',
    'schedules:write',
    'secrets:read',
    'services:call',
  ],
  viewer: viewing,
}

/** What someone with these roles may do, in the order of the list of permissions. */
export function permissionsOf(roles: readonly TenantRole[]): TenantPermission[] {
  const granted = new Set(roles.flatMap((role) => rolePermissions[role]))
  return tenantPermissions.filter((permission) => granted.has(permission))
}

/** What a person is in the installation. Its owner may do what its operator may; support only looks, and asks to be let in. */
export const platformRoles = ['owner', 'support'] as const
export type PlatformRole = (typeof platformRoles)[number]

/** Held by the operator of the installation only; no tenant key can carry one. */
export const platformPermissions = ['platform:support', 'platform:tenants:read', 'platform:tenants:write'] as const

export const platformRolePermissions: Readonly<Record<PlatformRole, readonly PlatformPermission[]>> = {
  owner: platformPermissions,
  support: ['platform:support', 'platform:tenants:read'],
}

export type TenantPermission = (typeof tenantPermissions)[number]
export type PlatformPermission = (typeof platformPermissions)[number]
export type Permission = TenantPermission | PlatformPermission

export const permissions: readonly Permission[] = [...tenantPermissions, ...platformPermissions]
