import { FreeholdError, type Page, type PutSecret, type Secret } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import type { Secrets } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { parseName } from './parse-name.ts'

type SecretRow = Selectable<Secrets>

/** The version of a secret whose deletion has begun. */
const deleted = -1

/**
 * Creates a secret or replaces its value. The row comes first and counts the value last, so that a crash in between
 * leaves a secret that nobody sees, or one whose new value is in use already: setting it again makes both good. The audit
 * trail has an entry before the vault has the value, so none is in use of which it doesn't know.
 */
export async function putSecret(caller: Caller, name: string, { value }: PutSecret): Promise<Secret> {
  authorize(caller, 'secrets:write')
  const { platform, tenantId } = caller
  const { database, vault } = platform
  const id = await reserve(caller, parseName(name))
  await vault.put({ tenantId, secretId: id }, value)
  const row = await database.withTenant(caller, async (tx) => {
    const set = await tx
      .updateTable('secrets')
      .set({ version: sql<number>`version + 1`, updated_by: actorName(caller), updated_at: sql`now()` })
      .where('id', '=', id)
      .where('version', '>=', 0)
      .returningAll()
      .executeTakeFirst()
    const before = set && set.version > 1 ? { version: set.version - 1 } : undefined
    if (set) {
      await recordChange(tx, caller, { action: 'secret.set', subjectId: name, before, after: { version: set.version } })
    }
    return set
  })
  if (row) return toSecret(row)
  await vault.delete({ tenantId, secretId: id })
  throw new FreeholdError('conflict', 'The secret was deleted at the same moment. Set it again if it is to stay.')
}

export async function getSecret(caller: Caller, name: string): Promise<Secret> {
  authorize(caller, 'secrets:read')
  const row = await caller.platform.database.withTenant(caller, (tx) =>
    selectSecrets(tx).where('name', '=', name).executeTakeFirst(),
  )
  if (!row) throw secretNotFound(name)
  return toSecret(row)
}

export async function listSecrets(caller: Caller, query: PageQuery): Promise<Page<Secret>> {
  authorize(caller, 'secrets:read')
  const after = decodeCursor(query.cursor, cursorKeys.name)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    selectSecrets(tx)
      .$if(after !== undefined, (q) => q.where('name', '>', after ?? ''))
      .orderBy('name')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toSecret, ({ name }) => name)
}

/** Deletes a secret that no connection uses, with every version of its value. */
export async function deleteSecret(caller: Caller, name: string): Promise<Secret> {
  authorize(caller, 'secrets:write')
  const row = await caller.platform.database.withTenant(caller, async (tx) => {
    // Also one that a deletion left behind which was cut off.
    const found = await tx.selectFrom('secrets').selectAll().where('name', '=', name).forUpdate().executeTakeFirst()
    if (!found) throw secretNotFound(name)
    await assertUnused(tx, found)
    // From here on no connection can take it, and no value comes under its id.
    await tx.updateTable('secrets').set({ version: deleted }).where('id', '=', found.id).execute()
    const before = { version: found.version }
    await recordChange(tx, caller, { action: 'secret.deleted', subjectId: name, before })
    return found
  })
  await finishDeletion(caller, row.id)
  return toSecret(row)
}

export function secretNotFound(name: string): FreeholdError {
  return new FreeholdError('not_found', `There is no secret "${name}".`)
}

/** The id to store a value under: never one whose deletion has begun, which could take the new value with it. */
async function reserve(caller: TenantCaller, name: string): Promise<string> {
  const { database } = caller.platform
  const found = await database.withTenant(caller, (tx) => begin(tx, caller, name))
  if (found.version !== deleted) return found.id
  await finishDeletion(caller, found.id)
  const fresh = await database.withTenant(caller, (tx) => begin(tx, caller, name))
  return fresh.id
}

async function begin(tx: Tx, caller: TenantCaller, name: string): Promise<{ id: string; version: number }> {
  const by = actorName(caller)
  const found = await tx
    .insertInto('secrets')
    .values({ tenant_id: caller.tenantId, id: uuidv7(), name, created_by: by, updated_by: by })
    // Changes nothing, but returns the row that is there.
    .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doUpdateSet({ name }))
    .returning(['id', 'version'])
    .executeTakeFirstOrThrow()
  if (found.version !== deleted) {
    const before = found.version > 0 ? { version: found.version } : undefined
    await recordChange(tx, caller, { action: 'secret.set-begun', subjectId: name, before })
  }
  return found
}

async function finishDeletion(caller: TenantCaller, id: string): Promise<void> {
  const { platform, tenantId } = caller
  await platform.vault.delete({ tenantId, secretId: id })
  await platform.database.withTenant(caller, (tx) =>
    tx.deleteFrom('secrets').where('id', '=', id).where('version', '=', deleted).execute(),
  )
}

async function assertUnused(tx: Tx, { tenant_id, id, name }: SecretRow): Promise<void> {
  const { rows } = await sql<{ used: boolean }>`select is_secret_used(${tenant_id}, ${id}) as used`.execute(tx)
  if (!rows[0]?.used) return
  const users = await tx.selectFrom('connections').select('name').where('secret_id', '=', id).orderBy('name').execute()
  const names = users.map((user) => `"${user.name}"`).join(', ') || 'of another team, or of the tenant as a whole'
  const message = `The secret "${name}" is used by the connection ${names}. Delete it, or give it another secret, first.`
  throw new FreeholdError('conflict', message)
}

function selectSecrets(tx: Tx) {
  return tx.selectFrom('secrets').selectAll().where('version', '>', 0)
}

function toSecret(row: SecretRow): Secret {
  return {
    name: row.name,
    version: row.version,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedBy: row.updated_by,
    updatedAt: row.updated_at.toISOString(),
  }
}
