import { FreeholdError } from '@freehold/contracts'
import { sql } from 'kysely'
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

/** Undefined when the tenant has no connection of the kind `http` with this name that a run of this team may use. */
export async function readHttpCredential(
  parts: Parts,
  { tenantId, team }: { tenantId: string; team: string | null },
  name: string,
): Promise<HttpCredential | undefined> {
  const row = await parts.database.withTenant(tenantId, (tx) =>
    tx
      .selectFrom('connections')
      .select(['name', 'secret_id', 'origin', 'header', 'header_prefix'])
      .where('name', '=', name)
      .where('kind', '=', 'http')
      .where(mayUse(team))
      .executeTakeFirst(),
  )
  if (!row) return undefined
  const value = await readValue(parts, tenantId, row)
  return { origin: row.origin ?? '', header: row.header ?? '', prefix: row.header_prefix ?? '', value }
}

/** What belongs to the tenant as a whole is for every run, what a team owns for the runs of it and of those it shares with. */
function mayUse(team: string | null) {
  return sql<boolean>`not exists (
    select from resource_owners o
     where o.tenant_id = connections.tenant_id and o.kind = 'connection' and o.resource = connections.name
       and (o.team_id::text = ${team} or ${team} = any (o.shared_with::text[])) is not true
  )`
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
