import { permissions, type Whoami } from '@freehold/contracts'
import { type HouseBrand, publicBrandOf } from '../branding/branding.ts'
import { readMemberships, toMembership } from '../people/recognize-person.ts'
import { readTenant } from '../tenancy/tenants.ts'
import type { Caller } from './caller.ts'

export async function whoami(caller: Caller, house: HouseBrand): Promise<Whoami> {
  const { actor, platform, tenantId } = caller
  const memberships =
    actor.kind === 'person' || actor.kind === 'service_account'
      ? await readMemberships(platform.database, actor.id)
      : []
  return {
    actor,
    tenant: tenantId === null ? null : await readVisibleTenant(caller, tenantId, house),
    memberships: memberships.filter(({ id }) => !caller.confined || id === tenantId).map(toMembership),
    permissions: permissions.filter((permission) => caller.permissions.has(permission)),
    roles: [...caller.roles],
    teams: caller.teams ? [...caller.teams] : null,
    environment: caller.environment ?? null,
  }
}

/** Its settings are for who may read them; whoever got in may know where they are, and sees it as it wants to be seen. */
async function readVisibleTenant(
  { platform, permissions: held }: Caller,
  tenantId: string,
  house: HouseBrand,
): Promise<Whoami['tenant']> {
  const tenant = await readTenant(platform, tenantId)
  const brand = await publicBrandOf(platform.database, tenantId, house)
  const { id, name, status } = tenant
  return held.has('tenant:read') ? { ...tenant, brand } : { id, name, status, brand }
}
