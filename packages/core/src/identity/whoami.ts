import { permissions, type Whoami } from '@freehold/contracts'
import { readMemberships, toMembership } from '../people/recognize-person.ts'
import { readTenant } from '../tenancy/tenants.ts'
import type { Caller } from './caller.ts'

export async function whoami(caller: Caller): Promise<Whoami> {
  const { actor, platform, tenantId } = caller
  const memberships =
    actor.kind === 'person' || actor.kind === 'service_account'
      ? await readMemberships(platform.database, actor.id)
      : []
  return {
    actor,
    tenant: tenantId === null ? null : await readTenant(platform, tenantId),
    memberships: memberships.map(toMembership),
    permissions: permissions.filter((permission) => caller.permissions.has(permission)),
    roles: [...caller.roles],
    teams: caller.teams ? [...caller.teams] : null,
    environment: caller.environment ?? null,
  }
}
