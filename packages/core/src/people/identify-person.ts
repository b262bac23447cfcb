import { FreeholdError, permissionsOf, platformRolePermissions } from '@freehold/contracts'
import type { Identity } from '../identity/authenticate-key.ts'
import { tenantSuspended } from '../identity/authenticate-key.ts'
import type { Platform } from '../platform.ts'
import { noRateLimits, readRateLimits } from '../tenancy/plans.ts'
import { followClaims } from './follow-claims.ts'
import { type MembershipRow, type Person, recognizePerson, type VouchedPerson } from './recognize-person.ts'

/**
 * What a person may do on the ground of the tenant that they chose, by its id or name; who belongs to one tenant needs to
 * choose none, unless it is suspended: then they are in none, where they still see that it is theirs. Choosing grants nothing: throws `permission_denied` for a tenant that they don't belong to, in the same
 * words whether there is one or not. Who is confined to a tenant, because they came by its host, is in that one or in none,
 * and nobody in the installation: a host is as good as whoever has its DNS.
 */
export async function identifyPerson(
  platform: Platform,
  vouched: VouchedPerson,
  chosenTenant: string | undefined,
  confinedTo?: string,
): Promise<Identity> {
  const person = await recognizePerson(platform.database, vouched)
  if (person.disabled) throw new FreeholdError('unauthenticated', 'This person is disabled in the installation.')
  const all = vouched.memberships
    ? await followClaims(platform, person, vouched.issuer, vouched.memberships)
    : person.memberships
  const memberships = all.filter(({ id }) => confinedTo === undefined || id === confinedTo)
  const platformRole = confinedTo === undefined ? person.platform_role : null
  const membership = chooseMembership(memberships, chosenTenant ?? confinedToOne(memberships, confinedTo))
  if (membership?.status === 'suspended') throw await tenantSuspended(platform.database, membership.id)
  const roles = membership?.roles ?? []
  return {
    actor: { kind: 'person', id: person.id, name: nameOf(person) },
    tenantId: membership?.id ?? null,
    permissions: [...permissionsOf(roles), ...(platformRole === null ? [] : platformRolePermissions[platformRole])],
    roles,
    teams: membership?.teams.map(({ id, roles: inTeam }) => ({ id, roles: inTeam })) ?? [],
    keyId: null,
    environment: null,
    confined: confinedTo !== undefined,
    limits: membership ? await readRateLimits(platform.database, membership.id) : noRateLimits,
    requestsPerSecond: null,
  }
}

function nameOf({ id, name, email }: Person): string {
  return name ?? email ?? id
}

/** Who came by the host of their tenant has chosen it. */
function confinedToOne([only]: readonly MembershipRow[], confinedTo: string | undefined) {
  return confinedTo === undefined ? undefined : only?.id
}

function onlyActive([first, ...others]: readonly MembershipRow[]) {
  return others.length === 0 && first?.status === 'active' ? first : undefined
}

function chooseMembership(memberships: readonly MembershipRow[], chosen: string | undefined) {
  if (chosen === undefined) return onlyActive(memberships)
  const found = memberships.find(({ id, name }) => id === chosen || name === chosen)
  if (found) return found
  const names = memberships.map(({ name }) => name).join(', ') || 'none'
  throw new FreeholdError(
    'permission_denied',
    `You don't belong to the tenant that X-Tenant-Id names, or not any more. Yours: ${names}. Ask for an invitation to another one.`,
  )
}
