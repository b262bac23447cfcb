import { type CreateServiceAccount, FreeholdError, type Member, type TenantRole } from '@freehold/contracts'
import { sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { recordChange } from '../audit/record-change.ts'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { assertCanGive, rolesOf } from '../identity/roles.ts'
import { selectMembers, toMember } from './members.ts'

/** Creates a member that acts by keys. It is changed and removed like any other member. */
export async function createServiceAccount(caller: Caller, input: CreateServiceAccount): Promise<Member> {
  authorize(caller, 'members:write')
  assertCanGive(caller, input.roles)
  const id = uuidv7()
  return caller.platform.database.withTenant(caller, async (tx) => {
    await sql`select door_create_service_account(${id}, ${input.name})`.execute(tx)
    await tx
      .insertInto('memberships')
      .values({
        tenant_id: caller.tenantId,
        person_id: id,
        roles: rolesOf(input.roles),
        source: 'service',
      })
      .execute()
    const member = toMember(await selectMembers(tx).where('memberships.person_id', '=', id).executeTakeFirstOrThrow())
    await recordChange(tx, caller, { action: 'member.added', subjectId: id, after: member })
    return member
  })
}

/** Everything that a service account is, in the tenant and its teams; who makes a key of it must be able to give that. */
export async function readAccountRoles(tx: Tx, id: string): Promise<TenantRole[]> {
  const account = await selectMembers(tx)
    .where('memberships.person_id', '=', id)
    .where('kind', '=', 'service')
    .executeTakeFirst()
  if (!account) throw new FreeholdError('not_found', 'There is no service account with this id.')
  const inTeams = await tx.selectFrom('team_members').select('roles').where('person_id', '=', id).execute()
  const held = [account.roles, ...inTeams.map(({ roles }) => roles)].flat()
  return rolesOf(held)
}
