import { FreeholdError, permissionsOf, type TenantRole } from '@freehold/contracts'
import { sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import type { Tx } from '../db/database.ts'
import { actorName, type TenantCaller } from './caller.ts'
import { type KeyRow, toApiKey } from './present-key.ts'
import { rolesOf } from './roles.ts'

type Grant = Pick<KeyRow, 'scopes' | 'roles'> & { team_id: string | null }

/** What a member is in the tenant, and in teams by their ids; undefined for who is none. */
interface Rights {
  inTenant: TenantRole[]
  inTeams: ReadonlyMap<string, TenantRole[]>
}

/**
 * The member behind a new key: the caller, or who made the key that they came with. Null where nobody is, and for a key of a
 * service account, which what that may do holds.
 */
export async function findMaker(
  tx: Tx,
  caller: TenantCaller,
  { serviceAccountId }: { serviceAccountId?: string | undefined },
): Promise<string | null> {
  if (serviceAccountId !== undefined) return null
  const name = actorName(caller)
  const { rows } = await sql<{ person: string }>`
    select person_behind(${caller.tenantId}, ${name}) as person`.execute(tx)
  const person = rows[0]?.person ?? name
  return person === name ? null : person
}

/** Whether one of these actors is the caller, or the caller's key, or of the same person as that. */
export async function isAmong(tx: Tx, caller: TenantCaller, actors: readonly string[]): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select from unnest(${[...actors]}::text[]) other
       where person_behind(${caller.tenantId}, other) = person_behind(${caller.tenantId}, ${actorName(caller)})
    ) as found`.execute(tx)
  return rows[0]?.found ?? false
}

/** Their rights may have shrunk since the gateway looked, and whoever took them away has revoked what was there then. */
export async function assertStillHolds(tx: Tx, makerId: string, grant: Grant): Promise<void> {
  if (!exceeds(grant, await lockRights(tx, makerId))) return
  throw new FreeholdError(
    'permission_denied',
    'What you may do here has changed since you signed in. Ask for a key that can do no more than you.',
  )
}

interface Revocation {
  before: KeyRow
  after: KeyRow
}

/**
 * Revokes the keys that a member made and that can do more than the member now can, and those that act as a service account
 * that is a member no more. Here, and not with each use, so that it costs no request anything.
 */
export async function revokeExceedingKeys(tx: Tx, memberId: string): Promise<Revocation[]> {
  const rights = await lockRights(tx, memberId)
  const held = await tx
    .selectFrom('api_keys')
    .leftJoin('resource_owners', (join) =>
      join
        .onRef('resource_owners.tenant_id', '=', 'api_keys.tenant_id')
        .on('kind', '=', 'key')
        .on('resource', '=', sql<string>`api_keys.id::text`),
    )
    .selectAll('api_keys')
    .select('team_id')
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('made_by', '=', memberId), eb('member_id', '=', memberId)]))
    .orderBy('api_keys.id')
    .forNoKeyUpdate('api_keys')
    .execute()
  const exceeding = held.filter((key) => (key.member_id === null ? exceeds(key, rights) : rights === undefined))
  if (exceeding.length === 0) return []
  const revoked_at = new Date()
  const ids = exceeding.map(({ id }) => id)
  await tx.updateTable('api_keys').set({ revoked_at }).where('id', 'in', ids).execute()
  return exceeding.map((before) => ({ before, after: { ...before, revoked_at } }))
}

/** After the entry of what took the rights away. */
export async function recordRevocations(
  tx: Tx,
  caller: TenantCaller,
  revocations: readonly Revocation[],
): Promise<void> {
  const noNames = new Map<string, string>()
  for (const { before, after } of revocations) {
    const change = { before: toApiKey(before, noNames), after: toApiKey(after, noNames) }
    await recordChange(tx, caller, { action: 'key.revoked', subjectId: before.id, ...change })
  }
}

/** They stay what they are until the transaction ends. */
async function lockRights(tx: Tx, memberId: string): Promise<Rights | undefined> {
  const membership = await tx
    .selectFrom('memberships')
    .select('roles')
    .where('person_id', '=', memberId)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<Date>`now()`)]))
    .forShare()
    .executeTakeFirst()
  if (!membership) return undefined
  const teams = await tx
    .selectFrom('team_members')
    .select(['team_id', 'roles'])
    .where('person_id', '=', memberId)
    .forShare()
    .execute()
  const inTeams = new Map(teams.map(({ team_id, roles }) => [team_id, rolesOf(roles)]))
  return { inTenant: rolesOf(membership.roles), inTeams }
}

/** A role counts by what it may do, so who becomes a builder keeps their key of a viewer. */
function exceeds({ scopes, roles, team_id }: Grant, rights: Rights | undefined): boolean {
  if (!rights) return true
  const inTeam = team_id === null ? [] : (rights.inTeams.get(team_id) ?? [])
  const held = new Set<string>(permissionsOf([...rights.inTenant, ...inTeam]))
  return [...scopes, ...permissionsOf(rolesOf(roles))].some((permission) => !held.has(permission))
}
