import { FreeholdError, type Page, type TeamMember, type TenantRole, tenantRoles } from '@freehold/contracts'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { recordRevocations, revokeExceedingKeys } from '../identity/key-makers.ts'
import { assertCanGive, rolesOf } from '../identity/roles.ts'
import { lockTeam, readTeam } from './teams.ts'

export async function listTeamMembers(caller: Caller, teamId: string, query: PageQuery): Promise<Page<TeamMember>> {
  authorize(caller, 'teams:read')
  const after = decodeCursor(query.cursor, cursorKeys.id)
  const rows = await caller.platform.database.withTenant(caller, async (tx) => {
    await readTeam(tx, teamId)
    return selectMembers(tx, teamId)
      .$if(after !== undefined, (q) => q.where('person_id', '>', after ?? ''))
      .orderBy('person_id')
      .limit(query.limit + 1)
      .execute()
  })
  return toPage(rows, query.limit, toMember, ({ person_id }) => person_id)
}

/** Takes a member of the tenant into a team, or gives them other roles there; their keys of the team that could do more are revoked. */
export async function putTeamMember(
  caller: Caller,
  teamId: string,
  personId: string,
  input: { roles: TenantRole[] },
): Promise<TeamMember> {
  authorize(caller, 'teams:write')
  const roles = rolesOf(input.roles)
  return caller.platform.database.withTenant(caller, async (tx) => {
    await lockTeam(tx, teamId)
    const member = await tx
      .selectFrom('memberships')
      .select('person_id')
      .where('person_id', '=', personId)
      .forKeyShare()
      .executeTakeFirst()
    if (!member)
      throw new FreeholdError('not_found', 'There is no member of the tenant with this id. Invite them first.')
    const before = await findMember(tx, teamId, personId)
    const held = before?.roles ?? []
    assertCanGive(
      caller,
      tenantRoles.filter((role) => held.includes(role) !== roles.includes(role)),
    )
    await tx
      .insertInto('team_members')
      .values({ tenant_id: caller.tenantId, team_id: teamId, person_id: personId, roles })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'team_id', 'person_id']).doUpdateSet({ roles }))
      .execute()
    const after = toMember(await selectMembers(tx, teamId).where('person_id', '=', personId).executeTakeFirstOrThrow())
    const revoked = await revokeExceedingKeys(tx, personId)
    await recordChange(tx, caller, { action: 'team.member-set', subjectId: teamId, before, after })
    await recordRevocations(tx, caller, revoked)
    return after
  })
}

export async function removeTeamMember(caller: Caller, teamId: string, personId: string): Promise<TeamMember> {
  authorize(caller, 'teams:write')
  return caller.platform.database.withTenant(caller, async (tx) => {
    await lockTeam(tx, teamId)
    const before = await findMember(tx, teamId, personId)
    if (!before) throw new FreeholdError('not_found', 'There is no member of this team with this id.')
    assertCanGive(caller, before.roles)
    await tx.deleteFrom('team_members').where('team_id', '=', teamId).where('person_id', '=', personId).execute()
    const revoked = await revokeExceedingKeys(tx, personId)
    await recordChange(tx, caller, { action: 'team.member-removed', subjectId: teamId, before })
    await recordRevocations(tx, caller, revoked)
    return before
  })
}

async function findMember(tx: Tx, teamId: string, personId: string): Promise<TeamMember | undefined> {
  const row = await selectMembers(tx, teamId).where('person_id', '=', personId).executeTakeFirst()
  return row && toMember(row)
}

function selectMembers(tx: Tx, teamId: string) {
  return tx
    .selectFrom('team_members')
    .innerJoin('people', 'people.id', 'team_members.person_id')
    .select(['person_id', 'email', 'name', 'roles'])
    .where('team_id', '=', teamId)
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof selectMembers>['executeTakeFirstOrThrow']>>

function toMember({ person_id, email, name, roles }: MemberRow): TeamMember {
  return { id: person_id, email, name, roles: rolesOf(roles) }
}
