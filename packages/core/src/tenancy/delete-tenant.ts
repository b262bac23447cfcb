import { type DeleteTenant, FreeholdError, type TenantDeletion } from '@freehold/contracts'
import { sql } from 'kysely'
import { z } from 'zod'
import { type Anchors, readCertificate, storeCertificate } from '../audit/anchors.ts'
import { recordChange } from '../audit/record-change.ts'
import type { Tx } from '../db/database.ts'
import { isForeignKeyViolation } from '../db/errors.ts'
import { encodeJson } from '../db/json.ts'
import { actorName, type Caller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { countObjects } from '../objects/object-store.ts'
import type { Platform } from '../platform.ts'
import { countRows, readTenantTables } from './tenant-tables.ts'
import { authorizeOnTenant, tenantNotFound } from './tenants.ts'

/** How long one request deletes, how many rows a transaction of it, and how many values of a vault it takes at once. */
const workMs = 3_000
const rowsAtOnce = 2_000
const secretsAtOnce = 50

const headSchema = z.object({ seq: z.int(), hash: z.string() })
/** What the row of a tenant keeps until the certificate is signed. */
const begunSchema = z.object({
  startedAt: z.iso.datetime(),
  startedBy: z.string(),
  before: z.record(z.string(), z.int()),
  secretValues: z.int(),
  vaultKeys: z.int().optional(),
  objects: z.int().default(0),
  head: headSchema.nullable(),
})
type Begun = z.output<typeof begunSchema>

/**
 * Deletes a suspended tenant, some of it with each call: the first one only begins, so that its counts and its audit
 * entry are there before anything is gone. Each batch is a transaction of its own, and what is left tells where to go on,
 * so a process may die at any point of it. The last call leaves a signed certificate beside the anchors.
 */
export async function deleteTenant(
  caller: Caller,
  id: string,
  input: DeleteTenant,
  anchors: Anchors,
): Promise<TenantDeletion> {
  authorizeOnTenant(caller, 'platform:tenants:write')
  const { platform } = caller
  const row = await findTenant(platform, id)
  if (!row) return readDeletion(anchors, id)
  if (row.name !== input.name) {
    throw invalidField('body.name', 'this is not the name of the tenant with this id')
  }
  if (row.deletion === null) return begin(caller, id)
  try {
    if (await eraseSome(platform, id)) {
      return await finish(platform, id, row.name, begunSchema.parse(row.deletion), anchors)
    }
  } catch (error) {
    // Something that was under way when the tenant was suspended has added a row: the next call deletes it.
    if (!isForeignKeyViolation(error)) throw error
  }
  return showProgress(platform, id, row.name)
}

export async function getTenantDeletion(caller: Caller, id: string, anchors: Anchors): Promise<TenantDeletion> {
  authorizeOnTenant(caller, 'platform:tenants:read')
  const row = await findTenant(caller.platform, id)
  if (!row) return readDeletion(anchors, id)
  if (row.deletion !== null) return showProgress(caller.platform, id, row.name)
  throw new FreeholdError('not_found', 'Nobody has begun to delete this tenant.')
}

function findTenant({ database }: Platform, id: string) {
  return database.withTenant(id, (tx) =>
    tx.selectFrom('tenants').select(['name', 'deletion']).where('id', '=', id).executeTakeFirst(),
  )
}

async function readDeletion(anchors: Anchors, tenantId: string): Promise<TenantDeletion> {
  const certificate = await readCertificate(anchors, tenantId)
  if (!certificate) throw tenantNotFound()
  return { tenantId, name: certificate.name, status: 'deleted', remainingRows: 0, certificate }
}

async function begin(caller: Caller, id: string): Promise<TenantDeletion> {
  const { platform } = caller
  const vaultKeys = await countKeys(platform, id)
  const secretValues = await countValues(platform, id)
  const objects = await countObjects(platform.objects, id)
  return platform.database.withTenant(id, async (tx) => {
    const row = await tx.selectFrom('tenants').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
    if (!row) throw tenantNotFound()
    if (row.status !== 'suspended') {
      throw new FreeholdError('conflict', 'Only a suspended tenant can be deleted. Suspend it first.')
    }
    const change = { action: 'tenant.deletion-started', subjectId: id, before: { name: row.name } } as const
    if (row.deletion === null) {
      await recordChange(tx, { ...caller, tenantId: id }, change)
      const begun: Begun = {
        startedAt: new Date().toISOString(),
        startedBy: actorName(caller),
        before: await countRows(tx, await readTenantTables(tx)),
        secretValues,
        ...vaultKeys,
        objects,
        head: await readHead(tx),
      }
      await tx
        .updateTable('tenants')
        .set({ deletion: encodeJson(begun) })
        .where('id', '=', id)
        .execute()
    }
    return progressOf(tx, id, row.name)
  })
}

function showProgress({ database }: Platform, tenantId: string, name: string): Promise<TenantDeletion> {
  return database.withTenant(tenantId, (tx) => progressOf(tx, tenantId, name))
}

async function progressOf(tx: Tx, tenantId: string, name: string): Promise<TenantDeletion> {
  const counts = await countRows(tx, await readTenantTables(tx))
  const remainingRows = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return { tenantId, name, status: 'deleting', remainingRows, certificate: null }
}

/** Deletes for a while. Resolves with whether nothing but the row of the tenant itself is left. */
async function eraseSome(platform: Platform, id: string): Promise<boolean> {
  const { database } = platform
  const until = Date.now() + workMs
  const tables = (await database.withTenant(id, readTenantTables)).filter((name) => !lastTables.includes(name))
  // The chain goes last, when nothing adds to it any more.
  for (const table of [...tables.reverse(), 'audit_entries']) {
    if (table === 'audit_entries') await keepHead(platform, id)
    if (table === 'secrets' && !(await emptyVault(platform, id, until))) return false
    for (;;) {
      const erased = await database.withTenant(id, (tx) => eraseRows(tx, id, table, rowsAtOnce))
      if (Date.now() > until) return false
      // Of the runs, those that delegated have to wait for those that they delegated to.
      if (erased === 0) break
    }
  }
  // Last, since a store can be told to keep some for a time.
  return platform.objects.deleteAll(id, until)
}

const lastTables = ['audit_entries', 'tenants']

async function eraseRows(tx: Tx, id: string, table: string, limit: number): Promise<number> {
  const { rows } = await sql<{ erased: number }>`select door_erase_rows(${id}, ${table}, ${limit}) as erased`.execute(
    tx,
  )
  return rows[0]?.erased ?? 0
}

/** Deletes the values first, since their ids are in the rows; the key last. False when there was not the time for all. */
async function emptyVault({ database, vault }: Platform, tenantId: string, until: number): Promise<boolean> {
  for (;;) {
    const secrets = await database.withTenant(tenantId, (tx) =>
      tx.selectFrom('secrets').select('id').orderBy('id').limit(secretsAtOnce).execute(),
    )
    if (secrets.length === 0) break
    for (const { id: secretId } of secrets) {
      await vault.delete({ tenantId, secretId })
      if (await vault.get({ tenantId, secretId })) {
        throw new FreeholdError('unavailable', `The vault still has a value that it was told to delete. Try again.`)
      }
      await database.withTenant(tenantId, (tx) => tx.deleteFrom('secrets').where('id', '=', secretId).execute())
      if (Date.now() > until) return false
    }
  }
  await vault.tenantKey?.delete(tenantId)
  if (await vault.tenantKey?.exists(tenantId)) {
    throw new FreeholdError('unavailable', 'The vault still has the key that it was told to delete. Try again.')
  }
  return true
}

async function countValues({ database, vault }: Platform, tenantId: string): Promise<number> {
  const secrets = await database.withTenant(tenantId, (tx) => tx.selectFrom('secrets').select('id').execute())
  let values = 0
  for (const { id: secretId } of secrets) {
    // One that nobody can read any more is there, too.
    const value = await vault.get({ tenantId, secretId }).catch((error: unknown) => {
      if (error instanceof FreeholdError && error.code === 'internal') return true
      throw error
    })
    if (value) values += 1
  }
  return values
}

/** Nothing for a vault that has no keys of tenants outside of the database. */
async function countKeys({ vault }: Platform, tenantId: string): Promise<{ vaultKeys?: number }> {
  if (!vault.tenantKey) return {}
  return { vaultKeys: (await vault.tenantKey.exists(tenantId)) ? 1 : 0 }
}

/** Remembers how far the chain came, for the certificate. */
async function keepHead({ database }: Platform, id: string): Promise<void> {
  await database.withTenant(id, async (tx) => {
    const head = await readHead(tx)
    const row = await tx.selectFrom('tenants').select('deletion').where('id', '=', id).forUpdate().executeTakeFirst()
    if (!head || !row) return
    const begun = begunSchema.parse(row.deletion)
    if (head.seq <= (begun.head?.seq ?? 0)) return
    await tx
      .updateTable('tenants')
      .set({ deletion: encodeJson({ ...begun, head }) })
      .where('id', '=', id)
      .execute()
  })
}

async function readHead(tx: Tx) {
  const newest = tx.selectFrom('audit_entries').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1)
  return (await newest.executeTakeFirst()) ?? null
}

/** Deletes the tenant itself, once nothing else is there, and signs what became of it. */
async function finish(
  platform: Platform,
  tenantId: string,
  name: string,
  begun: Begun,
  anchors: Anchors,
): Promise<TenantDeletion> {
  const { database, vault, objects } = platform
  // A value that was under way may have made it again: the next call deletes it.
  if (await vault.tenantKey?.exists(tenantId)) return showProgress(platform, tenantId, name)
  // What was under way when the deletion began may have stored some.
  if ((await countObjects(objects, tenantId)) > 0) return showProgress(platform, tenantId, name)
  return database.withTenant(tenantId, async (tx) => {
    const row = await tx
      .selectFrom('tenants')
      .select('deletion')
      .where('id', '=', tenantId)
      .forUpdate()
      .executeTakeFirst()
    if (!row) return readDeletion(anchors, tenantId)
    const tables = await readTenantTables(tx)
    await eraseRows(tx, tenantId, 'tenants', 1)
    const after = await countRows(tx, tables)
    const { startedAt, startedBy, before, secretValues, vaultKeys } = begun
    const certificate = await storeCertificate(anchors, {
      purpose: 'deletion',
      tenantId,
      name,
      startedAt,
      startedBy,
      deletedAt: new Date().toISOString(),
      auditHead: begunSchema.parse(row.deletion).head,
      rows: Object.fromEntries(
        tables.map((table) => [table, { before: before[table] ?? 0, after: after[table] ?? 0 }]),
      ),
      secretValues: { vault: vault.kind, before: secretValues, after: 0 },
      ...(vaultKeys !== undefined && { vaultKeys: { before: vaultKeys, after: 0 } }),
      objects: { store: objects.kind, before: begun.objects, after: 0 },
    })
    return { tenantId, name, status: 'deleted', remainingRows: 0, certificate }
  })
}
