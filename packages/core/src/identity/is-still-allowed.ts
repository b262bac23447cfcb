import { sql } from 'kysely'
import { readMemberships } from '../people/recognize-person.ts'
import type { Caller } from './caller.ts'

/** Whether a caller that was let in, maybe long ago, would be let in now: the key or membership holds, and the tenant is active. */
export async function isStillAllowed(caller: Caller): Promise<boolean> {
  const { actor, platform, tenantId } = caller
  if (actor.kind === 'person' && tenantId !== null) {
    const memberships = await readMemberships(platform.database, actor.id)
    const membership = memberships.find(({ id, status }) => id === tenantId && status === 'active')
    const teams = membership?.teams.map(({ id }) => id) ?? []
    return (
      membership !== undefined && (membership.roles.length > 0 || !!caller.teams?.every((id) => teams.includes(id)))
    )
  }
  // The operator's key opens nothing that lasts.
  if (actor.kind !== 'api_key' || tenantId === null) return true
  const row = await platform.database.withTenant(tenantId, (tx) =>
    tx
      .selectFrom('api_keys')
      .innerJoin('tenants', 'tenants.id', 'api_keys.tenant_id')
      .select('api_keys.id')
      .where('api_keys.id', '=', actor.id)
      .where('api_keys.revoked_at', 'is', null)
      .where((eb) => eb.or([eb('api_keys.expires_at', 'is', null), eb('api_keys.expires_at', '>', sql<Date>`now()`)]))
      .where('tenants.status', '=', 'active')
      .executeTakeFirst(),
  )
  return row !== undefined
}
