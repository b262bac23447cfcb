import { FreeholdError } from '@freehold/contracts'
import type { Database, Tx } from '../db/database.ts'
import type { SecretCipher } from './cipher.ts'
import { addDataKey, findNewestKey, lockVault, unwrapKey } from './data-keys.ts'
import { contextOf, deleteValue } from './secret-values.ts'
import type { SecretRef, Vault } from './vault.ts'

/** How many values one transaction of a rotation encrypts anew. */
const rotationBatch = 100

/** The vault in the platform's own database: values under a data key per tenant, data keys under the master key. */
export function createPostgresVault(database: Database, master: SecretCipher): Vault {
  return {
    kind: 'postgres',
    put: (secret, value) => database.withTenant(secret.tenantId, (tx) => putValue(tx, master, secret, value)),
    async get({ tenantId, secretId }) {
      const row = await database.withTenant(tenantId, (tx) =>
        tx
          .selectFrom('secret_values as v')
          .innerJoin('data_keys as k', (join) =>
            join.onRef('k.tenant_id', '=', 'v.tenant_id').onRef('k.id', '=', 'v.data_key'),
          )
          .select(['v.version', 'v.sealed', 'k.id', 'k.wrapped'])
          .where('v.secret_id', '=', secretId)
          .executeTakeFirst(),
      )
      if (!row) return undefined
      const { cipher } = unwrapKey(master, tenantId, row)
      const context = contextOf({ tenantId, secretId }, row.version)
      return { value: cipher.open(row.sealed, context), version: String(row.version) }
    },
    delete: (secret) => deleteValue(database, secret),
    rotateKey: (tenantId) => rotateKey(database, master, tenantId),
  }
}

async function putValue(tx: Tx, master: SecretCipher, secret: SecretRef, value: string): Promise<string> {
  const { tenantId, secretId } = secret
  await lockVault(tx, tenantId)
  const key = (await findNewestKey(tx, master, tenantId)) ?? (await addDataKey(tx, master, tenantId, 1))
  const before = await tx
    .selectFrom('secret_values')
    .select('version')
    .where('secret_id', '=', secretId)
    .executeTakeFirst()
  const version = (before?.version ?? 0) + 1
  const sealed = key.cipher.seal(value, contextOf(secret, version))
  const values = { version, data_key: key.id, transit_key_version: null, sealed }
  await tx
    .insertInto('secret_values')
    .values({ tenant_id: tenantId, secret_id: secretId, ...values })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'secret_id']).doUpdateSet(values))
    .execute()
  return String(version)
}

/**
 * Gives a tenant a new data key, encrypts its values under it and drops the keys before. A rotation that was cut off left
 * more than one key: then this goes on with the newest instead of making another. Resolves with how many values it encrypted.
 */
async function rotateKey(database: Database, master: SecretCipher, tenantId: string): Promise<number> {
  const [newest, ...older] = await database.withTenant(tenantId, async (tx) => {
    await lockVault(tx, tenantId)
    const keys = await tx.selectFrom('data_keys').select('id').orderBy('id', 'desc').execute()
    const [only] = keys
    if (keys.length === 1 && only) keys.unshift(await addDataKey(tx, master, tenantId, only.id + 1))
    return keys.map(({ id }) => id)
  })
  if (newest === undefined) return 0
  let encrypted = 0
  for (;;) {
    const batch = await database.withTenant(tenantId, (tx) => encryptAnew(tx, master, tenantId))
    encrypted += batch
    if (batch < rotationBatch) break
  }
  await database.withTenant(tenantId, async (tx) => {
    await lockVault(tx, tenantId)
    await tx
      .deleteFrom('data_keys')
      .where('id', 'in', older)
      .where((where) =>
        where.not(
          where.exists(
            where.selectFrom('secret_values as v').select('v.secret_id').whereRef('v.data_key', '=', 'data_keys.id'),
          ),
        ),
      )
      .execute()
  })
  return encrypted
}

/** Some of the values that are under another key than the newest. */
async function encryptAnew(tx: Tx, master: SecretCipher, tenantId: string): Promise<number> {
  await lockVault(tx, tenantId)
  const newest = await findNewestKey(tx, master, tenantId)
  if (!newest) throw new FreeholdError('internal', 'The tenant lost its data key.')
  const rows = await tx
    .selectFrom('secret_values as v')
    .innerJoin('data_keys as k', (join) =>
      join.onRef('k.tenant_id', '=', 'v.tenant_id').onRef('k.id', '=', 'v.data_key'),
    )
    .select(['v.secret_id', 'v.version', 'v.sealed', 'k.id', 'k.wrapped'])
    .where('v.data_key', '<>', newest.id)
    .limit(rotationBatch)
    .execute()
  for (const { secret_id: secretId, version, sealed, ...key } of rows) {
    const context = contextOf({ tenantId, secretId }, version)
    const value = unwrapKey(master, tenantId, key).cipher.open(sealed, context)
    await tx
      .updateTable('secret_values')
      .set({ data_key: newest.id, sealed: newest.cipher.seal(value, context) })
      .where('secret_id', '=', secretId)
      .execute()
  }
  return rows.length
}
