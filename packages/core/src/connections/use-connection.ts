import { FreeholdError } from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import type { Vault } from '../secrets/vault.ts'

// The side of the runs that use connections. No caller stands here.

interface Parts {
  database: Database
  vault: Vault
}

/** A tenant's own key for a model provider. */
export interface ProviderKey {
  connection: string
  apiKey: string
  baseUrl: string | null
}

/** A tenant's credential for one origin, such as `https://api.example.com`. */
export interface HttpCredential {
  origin: string
  /** In lower case. */
  header: string
  prefix: string
  value: string
}

/** The key that a tenant set for a provider; undefined when it set none. */
export async function readProviderKey(
  parts: Parts,
  tenantId: string,
  provider: string,
): Promise<ProviderKey | undefined> {
  const row = await parts.database.withTenant(tenantId, (tx) =>
    tx
      .selectFrom('connections')
      .select(['name', 'secret_id', 'base_url'])
      .where('provider', '=', provider)
      .executeTakeFirst(),
  )
  if (!row) return undefined
  return { connection: row.name, apiKey: await readValue(parts, tenantId, row), baseUrl: row.base_url }
}

/** Undefined when the tenant has no connection of the kind `http` with this name. */
export async function readHttpCredential(
  parts: Parts,
  tenantId: string,
  name: string,
): Promise<HttpCredential | undefined> {
  const row = await parts.database.withTenant(tenantId, (tx) =>
    tx
      .selectFrom('connections')
      .select(['name', 'secret_id', 'origin', 'header', 'header_prefix'])
      .where('name', '=', name)
      .where('kind', '=', 'http')
      .executeTakeFirst(),
  )
  if (!row) return undefined
  const value = await readValue(parts, tenantId, row)
  return { origin: row.origin ?? '', header: row.header ?? '', prefix: row.header_prefix ?? '', value }
}

async function readValue(
  { vault }: Parts,
  tenantId: string,
  { name, secret_id: secretId }: { name: string; secret_id: string },
): Promise<string> {
  const stored = await vault.get({ tenantId, secretId })
  if (stored) return stored.value
  const message = `The secret of the connection "${name}" has no value in the vault. Set it again.`
  throw new FreeholdError('conflict', message)
}
