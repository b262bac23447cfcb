import { sql } from 'kysely'
import { readMemberships } from '../people/recognize-person.ts'
import type { Caller } from './caller.ts'

/** Whether a caller that was let in, maybe long ago, would be let in now: the key and membership hold, and the tenant is active. */
export async function isStillAllowed(caller: Caller): Promise<boolean> {
  const { actor, tenantId, keyId } = caller
  // The operator's key opens nothing that lasts.
  if (tenantId === null || actor.kind === 'operator') return true
  if (keyId && !(await isKeyGood(caller, keyId))) return false
  return actor.kind === 'api_key' || isStillMember(caller)
}

async function isStillMember({ platform, actor, tenantId, teams }: Caller): Promise<boolean> {
  const memberships = await readMemberships(platform.database, actor.id)
  const membership = memberships.find(({ id, status }) => id === tenantId && status === 'active')
  if (!membership) return false
  const held = membership.teams.map(({ id }) => id)
  return membership.roles.length > 0 || !!teams?.every((id) => held.includes(id))
}

async function isKeyGood({ platform, tenantId }: Caller, keyId: string): Promise<boolean> {
  const row = await platform.database.withTenant(tenantId ?? '', (tx) =>
    tx
      .selectFrom('api_keys')
      .innerJoin('tenants', 'tenants.id', 'api_keys.tenant_id')
      .select('api_keys.id')
      .where('api_keys.id', '=', keyId)
      .where('api_keys.revoked_at', 'is', null)
      .where((eb) => eb.or([eb('api_keys.expires_at', 'is', null), eb('api_keys.expires_at', '>', sql<Date>`now()`)]))
      .where('tenants.status', '=', 'active')
      .executeTakeFirst(),
  )
  return row !== undefined
}
