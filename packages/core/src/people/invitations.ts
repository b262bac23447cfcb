import { createHash, randomBytes } from 'node:crypto'
import {
  type CreatedInvitation,
  type CreateInvitation,
  FreeholdError,
  type Invitation,
  type Membership,
  type Page,
} from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, toPage } from '../cursor.ts'
import type { Database, Tx } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import type { Invitations } from '../db/schema.gen.ts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { assertCanGive, rolesOf } from '../identity/roles.ts'
import { assertQuota } from '../quotas/assert-quota.ts'
import { assertTeams } from '../teams/assert-teams.ts'
import { readTeams, toInvitation } from './present-invitation.ts'
import { readMembershipsWithin, toMembership } from './recognize-person.ts'
import { recordWithdrawals, withdrawInvitations } from './withdraw-invitations.ts'

/** Invites somebody, in place of what they were invited to before. Whoever has the token and signs in with the address accepts it. */
export async function createInvitation(caller: Caller, input: CreateInvitation): Promise<CreatedInvitation> {
  authorize(caller, 'members:write')
  assertCanGive(caller, [...input.roles, ...input.teams.flatMap(({ roles }) => roles)])
  const token = randomBytes(32).toString('base64url')
  return caller.platform.database.withTenant(caller, async (tx) => {
    await lockAddress(tx, caller.tenantId, input.email)
    const replaced = await withdrawInvitations(tx, input.email)
    await assertQuota(tx, caller.tenantId, 'members')
    await assertTeams(
      tx,
      input.teams.map(({ id }) => id),
    )
    const row = await tx
      .insertInto('invitations')
      .values({
        tenant_id: caller.tenantId,
        id: uuidv7(),
        email: input.email,
        roles: rolesOf(input.roles),
        teams: encodeJson(input.teams),
        token_hash: hashToken(token),
        invited_by: `${caller.actor.kind}:${caller.actor.id}`,
        expires_at: sql<Date>`now() + make_interval(days => ${input.expiresInDays})`,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    const invitation = toInvitation(row)
    await recordWithdrawals(tx, caller, replaced)
    await recordChange(tx, caller, { action: 'invitation.created', subjectId: row.id, after: invitation })
    const { name: tenantName } = await tx.selectFrom('tenants').select('name').executeTakeFirstOrThrow()
    return { ...invitation, tenantName, token }
  })
}

export async function listInvitations(
  caller: Caller,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<Invitation>> {
  authorize(caller, 'members:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('invitations')
      .selectAll()
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toInvitation, ({ id }) => id)
}

/** Takes an invitation back; doing so again changes nothing. One that was accepted is a membership by now. */
export async function revokeInvitation(caller: Caller, id: string): Promise<Invitation> {
  authorize(caller, 'members:write')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const row = await lockInvitation(tx, id)
    if (!row) throw new FreeholdError('not_found', 'There is no invitation with this id.')
    if (row.accepted_at) {
      throw new FreeholdError('conflict', 'This invitation was accepted. Remove the member instead.')
    }
    const before = toInvitation(row)
    const revoked = { revoked_at: row.revoked_at ?? new Date() }
    await tx.updateTable('invitations').set(revoked).where('id', '=', id).execute()
    const after = toInvitation({ ...row, ...revoked })
    await recordChange(tx, caller, { action: 'invitation.revoked', subjectId: id, before, after })
    return after
  })
}

/** Joins the tenant of an invitation, as the person who is signed in with its address. */
export async function acceptInvitation(caller: Caller, { token }: { token: string }): Promise<Membership> {
  const { platform, actor } = caller
  if (actor.kind !== 'person') {
    throw new FreeholdError('permission_denied', 'An invitation is for a person. Sign in, and accept it then.')
  }
  const [found] = await platform.database.call<{ tenant_id: string; id: string }>(
    'find-invitation',
    'select * from door_find_invitation($1, $2)',
    [hashToken(token), actor.id],
  )
  if (!found) throw noSuchInvitation()
  const joining: TenantCaller = { ...caller, tenantId: found.tenant_id, teams: null }
  return platform.database.withTenant(joining, (tx) => join(tx, joining, found.id))
}

async function join(tx: Tx, caller: TenantCaller, invitationId: string): Promise<Membership> {
  const invitation = await lockInvitation(tx, invitationId)
  if (!invitation || invitation.revoked_at) throw noSuchInvitation()
  if (invitation.accepted_at && invitation.accepted_by !== caller.actor.id) throw noSuchInvitation()
  if (!invitation.accepted_at) await become(tx, caller, invitation)
  const memberships = await readMembershipsWithin(tx, caller.actor.id)
  const membership = memberships.find(({ id }) => id === caller.tenantId)
  if (!membership) throw new FreeholdError('conflict', 'This membership has ended. Ask for a new invitation.')
  return toMembership(membership)
}

/** What the person is a member with already, they stay, and with more by the invitation. */
async function become(tx: Tx, caller: TenantCaller, invitation: Selectable<Invitations>): Promise<void> {
  if (invitation.expires_at < new Date()) {
    throw new FreeholdError('conflict', 'This invitation has expired. Ask whoever invited you for a new one.')
  }
  const personId = caller.actor.id
  await tx
    .insertInto('memberships')
    .values({
      tenant_id: caller.tenantId,
      person_id: personId,
      roles: invitation.roles,
      source: 'invitation',
    })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'person_id']).doUpdateSet({
        // What somebody was for support ends with it.
        roles: sql<string[]>`case when memberships.source = 'support' then excluded.roles
          else array(select distinct unnest(memberships.roles || excluded.roles)) end`,
        // Who follows an issuer's claims in the tenant still does so when they are invited to its teams only.
        source: sql<string>`case when memberships.source like 'claim:%' and excluded.roles = '{}'
          then memberships.source else excluded.source end`,
        expires_at: null,
        reason: null,
      }),
    )
    .execute()
  for (const { id, roles } of readTeams(invitation)) {
    await sql`insert into team_members (tenant_id, team_id, person_id, roles)
      select ${caller.tenantId}, t.id, ${personId}, ${roles} from teams t where t.id = ${id}
      on conflict (tenant_id, team_id, person_id) do update
        set roles = array(select distinct unnest(team_members.roles || excluded.roles))`.execute(tx)
  }
  const accepted = { accepted_at: new Date(), accepted_by: personId }
  await tx.updateTable('invitations').set(accepted).where('id', '=', invitation.id).execute()
  const change = { before: toInvitation(invitation), after: toInvitation({ ...invitation, ...accepted }) }
  await recordChange(tx, caller, { action: 'invitation.accepted', subjectId: invitation.id, ...change })
}

/** Whether somebody with this address was invited and has not answered yet. */
export async function isInvited(database: Database, email: string): Promise<boolean> {
  const [row] = await database.call<{ invited: boolean }>('is-invited', 'select door_is_invited($1) as invited', [
    email.toLowerCase(),
  ])
  return row?.invited ?? false
}

/** Of two invitations of somebody at once, the later one replaces the other. */
async function lockAddress(tx: Tx, tenantId: string, email: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`freehold.invitation:${tenantId}:${email}`}, 0))`.execute(
    tx,
  )
}

function lockInvitation(tx: Tx, id: string) {
  return tx.selectFrom('invitations').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

function noSuchInvitation(): FreeholdError {
  return new FreeholdError(
    'not_found',
    'There is no invitation with this token for the address that you are signed in with.',
  )
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
