import type { Database } from '../db/database.ts'
import type { SecretRef } from './vault.ts'

/** What a value in `secret_values` is encrypted for: its row opens nothing in the place of another one. */
export function contextOf({ tenantId, secretId }: SecretRef, version: number): string {
  return `secret:${tenantId}:${secretId}:${version}`
}

export async function deleteValue(database: Database, { tenantId, secretId }: SecretRef): Promise<void> {
  await database.withTenant(tenantId, (tx) =>
    tx.deleteFrom('secret_values').where('secret_id', '=', secretId).execute(),
  )
}
