import {
  type ChangedMember,
  FreeholdError,
  type Member,
  type Page,
  type TenantRole,
  tenantRoles,
} from '@freehold/contracts'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { recordRevocations, revokeExceedingKeys } from '../identity/key-makers.ts'
import { assertCanGive, rolesOf } from '../identity/roles.ts'
import { recordWithdrawals, withdrawInvitations } from './withdraw-invitations.ts'

export async function listMembers(
  caller: Caller,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<Member>> {
  authorize(caller, 'members:read')
  const after = decodeCursor(query.cursor, cursorKeys.id)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    selectMembers(tx)
      .$if(after !== undefined, (q) => q.where('memberships.person_id', '>', after ?? ''))
      .orderBy('memberships.person_id')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toMember, ({ person_id }) => person_id)
}

/**
 * Gives a member other roles. The last owner stays one. Keys of theirs that could do more are revoked, and invitations of
 * theirs to more are taken back.
 */
export async function updateMember(caller: Caller, id: string, input: { roles: TenantRole[] }): Promise<ChangedMember> {
  authorize(caller, 'members:write')
  const roles = rolesOf(input.roles)
  return caller.platform.database.withTenant(caller, async (tx) => {
    const withdrawn = await withdrawInvitations(tx, await readAddress(tx, id), roles)
    const before = await lockMember(tx, id)
    const changed = tenantRoles.filter((role) => before.roles.includes(role) !== roles.includes(role))
    assertCanGive(caller, changed)
    if (!roles.includes('owner')) await assertNotLastOwner(tx, before)
    await tx.updateTable('memberships').set({ roles }).where('person_id', '=', id).execute()
    const revoked = await revokeExceedingKeys(tx, id)
    const after = { ...before, roles }
    await recordChange(tx, caller, { action: 'member.updated', subjectId: id, before, after })
    await recordRevocations(tx, caller, revoked)
    await recordWithdrawals(tx, caller, withdrawn)
    return { ...after, revokedKeys: revoked.length }
  })
}

/** Ends a membership, with the keys that they made or that act as them, and what they are invited to. The last owner stays. */
export async function removeMember(caller: Caller, id: string): Promise<ChangedMember> {
  authorize(caller, 'members:write')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const withdrawn = await withdrawInvitations(tx, await readAddress(tx, id))
    const before = await lockMember(tx, id)
    assertCanGive(caller, before.roles)
    await assertNotLastOwner(tx, before)
    await tx.deleteFrom('memberships').where('person_id', '=', id).execute()
    const revoked = await revokeExceedingKeys(tx, id)
    await recordChange(tx, caller, { action: 'member.removed', subjectId: id, before })
    await recordRevocations(tx, caller, revoked)
    await recordWithdrawals(tx, caller, withdrawn)
    return { ...before, revokedKeys: revoked.length }
  })
}

/** Null also for who is no member. */
async function readAddress(tx: Tx, id: string): Promise<string | null> {
  const member = await selectMembers(tx).where('memberships.person_id', '=', id).executeTakeFirst()
  return member?.email ?? null
}

async function lockMember(tx: Tx, id: string): Promise<Member> {
  await lockWithOwners(tx, id)
  const row = await selectMembers(tx).where('memberships.person_id', '=', id).executeTakeFirst()
  if (!row) throw new FreeholdError('not_found', 'There is no member with this id.')
  return toMember(row)
}

/** A member stays as it is until the transaction ends, and with it every owner: two can't go at once. */
export async function lockWithOwners(tx: Tx, id: string): Promise<void> {
  await tx
    .selectFrom('memberships')
    .select('person_id')
    .where((eb) => eb.or([eb('person_id', '=', id), eb(eb.val('owner'), '=', eb.fn.any('roles'))]))
    .orderBy('person_id')
    .forUpdate()
    .execute()
}

async function assertNotLastOwner(tx: Tx, member: Member): Promise<void> {
  if (!member.roles.includes('owner') || member.kind !== 'person' || member.expiresAt !== null) return
  if (await hasOtherOwner(tx, member.id)) return
  throw new FreeholdError('conflict', 'This is the last owner of the tenant. Make somebody else an owner first.')
}

/** A service account answers for nothing, nor does who is there for support. */
export async function hasOtherOwner(tx: Tx, id: string): Promise<boolean> {
  const other = await selectMembers(tx)
    .where('memberships.person_id', '!=', id)
    .where('kind', '=', 'person')
    .where('expires_at', 'is', null)
    .where((eb) => eb(eb.val('owner'), '=', eb.fn.any('roles')))
    .executeTakeFirst()
  return other !== undefined
}

export function selectMembers(tx: Tx) {
  return tx
    .selectFrom('memberships')
    .innerJoin('people', 'people.id', 'memberships.person_id')
    .select(['person_id', 'kind', 'email', 'name', 'roles', 'source', 'joined_at', 'expires_at', 'reason'])
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof selectMembers>['executeTakeFirstOrThrow']>>

export function toMember(row: MemberRow): Member {
  return {
    id: row.person_id,
    // Has a check constraint.
    kind: row.kind as Member['kind'],
    email: row.email,
    name: row.name,
    roles: rolesOf(row.roles),
    source: row.source,
    joinedAt: row.joined_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    reason: row.reason,
  }
}
