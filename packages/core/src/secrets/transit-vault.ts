import { FreeholdError } from '@freehold/contracts'
import type { Database, Tx } from '../db/database.ts'
import { tenantNotFound } from '../tenancy/tenants.ts'
import { contextOf, deleteValue } from './secret-values.ts'
import { type Ciphertext, createTransitKeys, type TransitConfig, type TransitKeys } from './transit-keys.ts'
import type { SecretRef, StoredValue, Vault } from './vault.ts'

/** How many values one request of a rotation rewraps. OpenBao takes at most 1,000 texts of JSON and 32 MiB in one. */
const rotationBatch = 100

/** Values in our database, under keys that only OpenBao has: neither of the two alone can read one. */
export function createTransitVault(database: Database, config: TransitConfig): Vault {
  const keys = createTransitKeys(config)
  return {
    kind: 'openbao-transit',
    put: (secret, value) => putValue(database, keys, secret, value),
    get: (secret) => getValue(database, keys, secret),
    delete: (secret) => deleteValue(database, secret),
    rotateKey: (tenantId) => rotateKey(database, keys, tenantId),
    tenantKey: {
      exists: async (tenantId) => (await keys.find(tenantId)) !== undefined,
      delete: keys.delete,
    },
  }
}

/** Encrypts between two transactions, and again when something changed in the meantime. */
async function putValue(database: Database, keys: TransitKeys, secret: SecretRef, value: string): Promise<string> {
  const { tenantId } = secret
  for (;;) {
    const before = await database.withTenant(tenantId, (tx) => readBefore(tx, secret))
    if (!before) throw tenantNotFound()
    await keys.ensure(tenantId)
    const version = before.version + 1
    const encrypted = await keys.encrypt(tenantId, contextOf(secret, version), value)
    if (encrypted.keyVersion < before.oldestKey) throw keyTooOld()
    const outcome = await database.withTenant(tenantId, (tx) => storeValue(tx, secret, version, encrypted))
    if (outcome === 'stored') return String(version)
    if (outcome === 'changed') continue
    // The tenant was deleted, and its key may have been made after that.
    await keys.delete(tenantId)
    throw tenantNotFound()
  }
}

function readBefore(tx: Tx, { tenantId, secretId }: SecretRef) {
  return tx
    .selectFrom('tenants as t')
    .leftJoin('secret_values as v', (join) => join.onRef('v.tenant_id', '=', 't.id').on('v.secret_id', '=', secretId))
    .select((select) => [
      't.transit_key_version as oldestKey',
      select.fn.coalesce('v.version', select.lit(0)).as('version'),
    ])
    .where('t.id', '=', tenantId)
    .executeTakeFirst()
}

async function storeValue(
  tx: Tx,
  { tenantId, secretId }: SecretRef,
  version: number,
  { text, keyVersion }: Ciphertext,
): Promise<'stored' | 'changed' | 'gone'> {
  // Waits for a rotation that raises it, and holds off the next one, and the deletion of the tenant.
  const tenant = await tx
    .selectFrom('tenants')
    .select('transit_key_version as oldestKey')
    .where('id', '=', tenantId)
    .forShare()
    .executeTakeFirst()
  if (!tenant) return 'gone'
  if (keyVersion < tenant.oldestKey) return 'changed'
  const values = { version, data_key: null, transit_key_version: keyVersion, sealed: Buffer.from(text) }
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('secret_values')
    .values({ tenant_id: tenantId, secret_id: secretId, ...values })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'secret_id'])
        .doUpdateSet(values)
        .where('secret_values.version', '=', version - 1),
    )
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n ? 'stored' : 'changed'
}

async function getValue(database: Database, keys: TransitKeys, secret: SecretRef): Promise<StoredValue | undefined> {
  let unread: string | undefined
  for (;;) {
    const row = await database.withTenant(secret.tenantId, (tx) =>
      tx
        .selectFrom('secret_values')
        .select(['version', 'sealed'])
        .where('secret_id', '=', secret.secretId)
        .where('transit_key_version', 'is not', null)
        .executeTakeFirst(),
    )
    if (!row) return undefined
    const ciphertext = row.sealed.toString()
    if (ciphertext === unread) throw unreadable()
    const value = await keys.decrypt(secret.tenantId, contextOf(secret, row.version), ciphertext)
    if (value !== undefined) return { value, version: String(row.version) }
    // Unless a rotation has passed since it was read, it is the same again.
    unread = ciphertext
  }
}

/**
 * Gives the tenant's key a new version, puts its values under that, and destroys the versions before. One that was cut off
 * left more than one version: then this goes on with the newest. Resolves with how many values it rewrapped.
 */
async function rotateKey(database: Database, keys: TransitKeys, tenantId: string): Promise<number> {
  const key = await keys.find(tenantId)
  if (!key) return 0
  const newest = key.hasOlder ? key.newest : await keys.rotate(tenantId)
  await database.withTenant(tenantId, (tx) =>
    tx
      .updateTable('tenants')
      .set({ transit_key_version: newest })
      .where('id', '=', tenantId)
      .where('transit_key_version', '<', newest)
      .execute(),
  )
  let rewrapped = 0
  for (;;) {
    const batch = await rewrapSome(database, keys, tenantId, newest)
    if (batch === 0) break
    rewrapped += batch
  }
  await keys.trim(tenantId, newest)
  return rewrapped
}

async function rewrapSome(database: Database, keys: TransitKeys, tenantId: string, newest: number): Promise<number> {
  const rows = await database.withTenant(tenantId, (tx) =>
    tx
      .selectFrom('secret_values')
      .select(['secret_id', 'version', 'sealed'])
      .where('transit_key_version', '<', newest)
      .limit(rotationBatch)
      .execute(),
  )
  if (rows.length === 0) return 0
  const texts = rows.map(({ secret_id: secretId, version, sealed }) => ({
    context: contextOf({ tenantId, secretId }, version),
    ciphertext: sealed.toString(),
  }))
  const rewrapped = await keys.rewrap(tenantId, texts)
  await database.withTenant(tenantId, async (tx) => {
    for (const [index, { secret_id, version }] of rows.entries()) {
      const ciphertext = rewrapped[index]
      if (!ciphertext) throw unreadable()
      // One that was replaced meanwhile is under the newest version already.
      await tx
        .updateTable('secret_values')
        .set({ transit_key_version: ciphertext.keyVersion, sealed: Buffer.from(ciphertext.text) })
        .where('secret_id', '=', secret_id)
        .where('version', '=', version)
        .where('transit_key_version', '<', newest)
        .execute()
    }
  })
  return rows.length
}

function unreadable(): FreeholdError {
  const message =
    'A stored secret can not be read with the key of its tenant in OpenBao: the key, or the row, is not the one of then. ' +
    'Restore OpenBao and the database as of the same time, or set the secret again.'
  return new FreeholdError('internal', message, { retryable: false })
}

function keyTooOld(): FreeholdError {
  const message =
    'The key of this tenant in OpenBao is older than its values. Restore OpenBao, or, if the key is lost, ' +
    'repeat `freehold secrets rotate-data-key` until its secrets can be set again.'
  return new FreeholdError('internal', message, { retryable: false })
}
