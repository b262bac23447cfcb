import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import { createSecretCipher, type SecretCipher } from './cipher.ts'

/** A key that encrypts a tenant's values. The master key encrypts it in turn. */
export interface DataKey {
  id: number
  cipher: SecretCipher
}

/** One writer of a tenant's vault at a time, so that no value is written under a key that is on its way out. */
export async function lockVault(tx: Tx, tenantId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`freehold.vault:${tenantId}`}, 0))`.execute(tx)
}

/** The newest key of the tenant; undefined when it has none yet. */
export async function findNewestKey(tx: Tx, master: SecretCipher, tenantId: string): Promise<DataKey | undefined> {
  const row = await tx.selectFrom('data_keys').select(['id', 'wrapped']).orderBy('id', 'desc').executeTakeFirst()
  return row && unwrapKey(master, tenantId, row)
}

/** Makes the next key of the tenant. Its values stay under those they are under. */
export async function addDataKey(tx: Tx, master: SecretCipher, tenantId: string, id: number): Promise<DataKey> {
  const key = randomBytes(32)
  const wrapped = master.seal(key.toString('base64'), keyContext(tenantId, id))
  await tx.insertInto('data_keys').values({ tenant_id: tenantId, id, wrapped }).execute()
  return { id, cipher: createSecretCipher(key) }
}

export function unwrapKey(master: SecretCipher, tenantId: string, row: { id: number; wrapped: Buffer }): DataKey {
  const key = Buffer.from(master.open(row.wrapped, keyContext(tenantId, row.id)), 'base64')
  return { id: row.id, cipher: createSecretCipher(key) }
}

/** Puts the tenant's keys under the current master key. Resolves with how many were not. */
export async function rewrapDataKeys(tx: Tx, master: SecretCipher, tenantId: string): Promise<number> {
  await lockVault(tx, tenantId)
  let rewrapped = 0
  for (const { id, wrapped } of await tx.selectFrom('data_keys').select(['id', 'wrapped']).execute()) {
    const resealed = master.reseal(wrapped, keyContext(tenantId, id))
    if (!resealed) continue
    await tx.updateTable('data_keys').set({ wrapped: resealed }).where('id', '=', id).execute()
    rewrapped++
  }
  return rewrapped
}

function keyContext(tenantId: string, id: number): string {
  return `data-key:${tenantId}:${id}`
}
