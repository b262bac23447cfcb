import {
  FreeholdError,
  idSchema,
  type Permission,
  permissionsOf,
  type TenantRole,
  teamPermissions,
} from '@freehold/contracts'
import type { Caller, TeamGrant } from '@freehold/core'
import type { ServiceClaims } from '../service-token.ts'

type Scope = Required<Pick<Caller, 'permissions' | 'roles' | 'teams'>>

/**
 * What a caller may do in this request, and for which teams: in the whole tenant when their roles there allow the
 * operation, else for those of their teams in which it is allowed. What the scope says holds in each of its teams, so no
 * right in one team reaches into another. A team that is chosen narrows it, and grants nothing.
 */
export function chooseScope(claims: ServiceClaims, permission: Permission | null, chosen: string | undefined): Scope {
  if (chosen !== undefined) return chooseTeam(claims, chosen)
  const whole: Scope = { permissions: new Set(claims.permissions), roles: claims.roles, teams: null }
  if (claims.permissions.length > 0 && (permission === null || whole.permissions.has(permission))) return whole
  const allowing = claims.teams.filter((team) => permission === null || permissionsIn(team).includes(permission))
  // With none of them the verb refuses it.
  return allowing.length === 0 ? whole : meet(allowing)
}

function chooseTeam(claims: ServiceClaims, chosen: string): Scope {
  const held = claims.teams.filter(({ id }) => id === chosen)
  const inTenant = claims.permissions.filter((permission) => isOfTeams(permission))
  if (!idSchema.safeParse(chosen).success || (held.length === 0 && inTenant.length === 0)) {
    throw new FreeholdError('permission_denied', 'X-Team-Id names no team that you belong to. Send the id of one.')
  }
  return {
    permissions: new Set([...inTenant, ...held.flatMap(permissionsIn)]),
    roles: union([claims.roles, ...held.map(({ roles }) => roles)]),
    teams: [chosen],
  }
}

/** What holds in all of them. */
function meet(teams: readonly TeamGrant[]): Scope {
  const [first = { id: '', roles: [] }, ...others] = teams
  return {
    permissions: new Set(
      permissionsIn(first).filter((permission) => others.every((team) => permissionsIn(team).includes(permission))),
    ),
    roles: first.roles.filter((role) => others.every(({ roles }) => roles.includes(role))),
    teams: teams.map(({ id }) => id),
  }
}

function permissionsIn({ roles, permissions = permissionsOf(roles) }: TeamGrant): Permission[] {
  return permissions.filter(isOfTeams)
}

function isOfTeams(permission: Permission): boolean {
  return (teamPermissions as readonly Permission[]).includes(permission)
}

function union(roles: readonly (readonly TenantRole[])[]): TenantRole[] {
  return [...new Set(roles.flat())]
}
