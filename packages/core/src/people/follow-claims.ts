import { FreeholdError, type TenantRole } from '@freehold/contracts'
import { recordChange } from '../audit/record-change.ts'
import type { Tx } from '../db/database.ts'
import type { TenantCaller } from '../identity/caller.ts'
import { recordRevocations, revokeExceedingKeys } from '../identity/key-makers.ts'
import { rolesOf } from '../identity/roles.ts'
import type { Platform } from '../platform.ts'
import { assertQuota } from '../quotas/assert-quota.ts'
import { hasOtherOwner, lockWithOwners } from './members.ts'
import { type MembershipRow, type Person, readMemberships } from './recognize-person.ts'

type Claimed = readonly { tenant: string; roles: readonly TenantRole[] }[]

/**
 * Makes the memberships that an issuer gave what its newest token says: added, changed and ended with it. Those that
 * somebody invited the person to, or that another issuer gave, stay as they are, and so does the last owner. A tenant that
 * there is not is passed over, and so is one with as many members as its plan allows. Keys that could do more than the
 * person by then are revoked.
 */
export async function followClaims(
  platform: Platform,
  person: Person,
  issuer: string,
  claimed: Claimed,
): Promise<MembershipRow[]> {
  const source = `claim:${issuer}`
  const named = await findTenants(platform, claimed)
  const stale = person.memberships.filter((held) => held.source === source && !named.has(held.id))
  const changed = [...named].filter(([id, roles]) => {
    const held = person.memberships.find((membership) => membership.id === id)
    return !held || (held.source === source && held.roles.join() !== roles.join())
  })
  if (stale.length === 0 && changed.length === 0) return person.memberships
  for (const { id } of stale) await changeMembership(platform, person, id, source, [])
  for (const [id, roles] of changed) {
    await changeMembership(platform, person, id, source, roles).catch(passOverFullTenant)
  }
  return readMemberships(platform.database, person.id)
}

/** The roles that are claimed, by tenant: of several claims for one tenant, all of them. */
async function findTenants({ database }: Platform, claimed: Claimed): Promise<Map<string, TenantRole[]>> {
  if (claimed.length === 0) return new Map()
  const tenants = await database.call<{ id: string; name: string }>(
    'find-tenants-by-name',
    'select * from door_find_tenants($1)',
    [claimed.map(({ tenant }) => tenant)],
  )
  return new Map(
    tenants.map(({ id, name }) => {
      const given = claimed.filter(({ tenant }) => tenant === name).flatMap(({ roles }) => roles)
      return [id, rolesOf(given)]
    }),
  )
}

function passOverFullTenant(error: unknown): void {
  if (!(error instanceof FreeholdError && error.code === 'quota_exceeded')) throw error
}

/** Done by the person's own token, so they stand in the audit trail as who did it. */
async function changeMembership(
  platform: Platform,
  person: Person,
  tenantId: string,
  source: string,
  claimed: readonly TenantRole[],
): Promise<void> {
  const caller: TenantCaller = {
    platform,
    actor: { kind: 'person', id: person.id, name: person.name ?? person.email ?? person.id },
    tenantId,
    permissions: new Set(),
    roles: [],
    requestId: 'sign-in',
  }
  await platform.database.withTenant(tenantId, async (tx) => {
    await lockWithOwners(tx, person.id)
    const before = await readSourced(tx, person.id, source)
    const isLastOwner = before?.roles.includes('owner') && !(await hasOtherOwner(tx, person.id))
    const roles = rolesOf(isLastOwner ? ['owner', ...claimed] : claimed)
    if (before?.roles.join() === roles.join()) return
    if (roles.length > 0) await give(tx, caller, person.id, before, { roles, source })
    else if (before) await end(tx, caller, person.id, before)
  })
}

interface Given {
  roles: string[]
  source: string
}

async function give(tx: Tx, caller: TenantCaller, personId: string, before: Given | undefined, after: Given) {
  if (!before && !(await isMember(tx, personId))) await assertQuota(tx, caller.tenantId, 'members')
  // Whom somebody invited meanwhile stays a member by that.
  const written = await tx
    .insertInto('memberships')
    .values({ tenant_id: caller.tenantId, person_id: personId, ...after })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'person_id'])
        .doUpdateSet({ roles: after.roles })
        .where('memberships.source', '=', after.source),
    )
    .returning('roles')
    .executeTakeFirst()
  if (!written) return
  const revoked = await revokeExceedingKeys(tx, personId)
  const action = before ? 'member.updated' : 'member.added'
  await recordChange(tx, caller, { action, subjectId: personId, before, after })
  await recordRevocations(tx, caller, revoked)
}

async function end(tx: Tx, caller: TenantCaller, personId: string, before: Given): Promise<void> {
  await tx.deleteFrom('memberships').where('person_id', '=', personId).where('source', '=', before.source).execute()
  const revoked = await revokeExceedingKeys(tx, personId)
  await recordChange(tx, caller, { action: 'member.removed', subjectId: personId, before })
  await recordRevocations(tx, caller, revoked)
}

async function isMember(tx: Tx, personId: string): Promise<boolean> {
  const member = tx.selectFrom('memberships').select('person_id').where('person_id', '=', personId)
  return (await member.executeTakeFirst()) !== undefined
}

function readSourced(tx: Tx, personId: string, source: string) {
  return tx
    .selectFrom('memberships')
    .select(['roles', 'source'])
    .where('person_id', '=', personId)
    .where('source', '=', source)
    .executeTakeFirst()
}
