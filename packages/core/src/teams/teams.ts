import { type CreateTeam, FreeholdError, type Page, type Team } from '@freehold/contracts'
import type { Selectable } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../db/errors.ts'
import type { Teams } from '../db/schema.gen.ts'
import { authorize, type Caller } from '../identity/caller.ts'

export async function createTeam(caller: Caller, { name }: CreateTeam): Promise<Team> {
  authorize(caller, 'teams:write')
  return unlessTaken(name, () =>
    caller.platform.database.withTenant(caller, async (tx) => {
      const row = await tx
        .insertInto('teams')
        .values({ tenant_id: caller.tenantId, id: uuidv7(), name })
        .returningAll()
        .executeTakeFirstOrThrow()
      const team = toTeam(row)
      await recordChange(tx, caller, { action: 'team.created', subjectId: team.id, after: team })
      return team
    }),
  )
}

export async function listTeams(caller: Caller, query: PageQuery): Promise<Page<Team>> {
  authorize(caller, 'teams:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('teams')
      .selectAll()
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toTeam, ({ id }) => id)
}

export async function updateTeam(caller: Caller, id: string, { name }: CreateTeam): Promise<Team> {
  authorize(caller, 'teams:write')
  return unlessTaken(name, () =>
    caller.platform.database.withTenant(caller, async (tx) => {
      const before = await lockTeam(tx, id)
      await tx.updateTable('teams').set({ name }).where('id', '=', id).execute()
      const after = { ...before, name }
      await recordChange(tx, caller, { action: 'team.updated', subjectId: id, before, after })
      return after
    }),
  )
}

/** Deletes a team that owns nothing but keys, which are revoked with it. */
export async function deleteTeam(caller: Caller, id: string): Promise<Team> {
  authorize(caller, 'teams:write')
  try {
    return await caller.platform.database.withTenant(caller, async (tx) => {
      const before = await lockTeam(tx, id)
      await revokeKeys(tx, id)
      await tx.deleteFrom('teams').where('id', '=', id).execute()
      await recordChange(tx, caller, { action: 'team.deleted', subjectId: id, before })
      return before
    })
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error
    const message = 'This team owns something yet. Give what it owns to another team, or to nobody, then delete it.'
    throw new FreeholdError('conflict', message, { cause: error })
  }
}

async function revokeKeys(tx: Tx, teamId: string): Promise<void> {
  const owned = await tx
    .deleteFrom('resource_owners')
    .where('kind', '=', 'key')
    .where('team_id', '=', teamId)
    .returning('resource')
    .execute()
  if (owned.length === 0) return
  const ids = owned.map(({ resource }) => resource)
  await tx
    .updateTable('api_keys')
    .set({ revoked_at: new Date() })
    .where('id', 'in', ids)
    .where('revoked_at', 'is', null)
    .execute()
}

/** A team that stays as it is until the transaction ends. */
export async function lockTeam(tx: Tx, id: string): Promise<Team> {
  return found(await selectTeam(tx, id).forUpdate().executeTakeFirst())
}

export async function readTeam(tx: Tx, id: string): Promise<Team> {
  return found(await selectTeam(tx, id).executeTakeFirst())
}

function selectTeam(tx: Tx, id: string) {
  return tx.selectFrom('teams').selectAll().where('id', '=', id)
}

function found(row: Selectable<Teams> | undefined): Team {
  if (!row) throw new FreeholdError('not_found', 'There is no team with this id.')
  return toTeam(row)
}

async function unlessTaken<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new FreeholdError('conflict', `There is a team named "${name}" already.`, { cause: error })
  }
}

function toTeam({ id, name, created_at }: Selectable<Teams>): Team {
  return { id, name, createdAt: created_at.toISOString() }
}
