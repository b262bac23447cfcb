import { FreeholdError } from '@freehold/contracts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import { authorizePlatform, type Caller } from '../identity/caller.ts'
import { authorizeOnTenant, readTenant } from '../tenancy/tenants.ts'
import { resealWebhookSecrets } from '../webhooks/deliveries.ts'
import { rewrapDataKeys } from './data-keys.ts'

/** Encrypts a tenant's secrets under a new data key. Cut off and asked for again, it goes on where it was. */
export async function rotateDataKey(caller: Caller, tenantId: string): Promise<{ secrets: number }> {
  authorizeOnTenant(caller, 'platform:tenants:write')
  const { vault } = caller.platform
  await readTenant(caller.platform, tenantId)
  if (!vault.rotateKey) {
    throw new FreeholdError(
      'conflict',
      `The values are in the vault "${vault.kind}", which has keys of its own: rotate them there.`,
    )
  }
  return { secrets: await vault.rotateKey(tenantId) }
}

/**
 * Puts what the previous master key encrypts under the current one, for a page of tenants: data keys, and the secrets that
 * sign webhooks. When it has passed all pages nothing needs the previous key any more. Asked for again it changes nothing.
 */
export async function rewrapKeys(
  caller: Caller,
  query: PageQuery,
): Promise<{ tenants: number; rewrapped: number; nextCursor: string | null }> {
  authorizePlatform(caller, 'platform:tenants:write')
  const { database, secrets } = caller.platform
  const rows = await database.call<{ id: string; name: string }>(
    'list-tenants',
    'select * from door_list_tenants($1, $2)',
    [decodeCursor(query.cursor, cursorKeys.name) ?? null, query.limit + 1],
  )
  const { items, nextCursor } = toPage(
    rows,
    query.limit,
    ({ id }) => id,
    ({ name }) => name,
  )
  let rewrapped = 0
  for (const tenantId of items) {
    rewrapped += await database.withTenant(tenantId, async (tx) => {
      const keys = await rewrapDataKeys(tx, secrets, tenantId)
      return keys + (await resealWebhookSecrets(tx, secrets, tenantId))
    })
  }
  return { tenants: items.length, rewrapped, nextCursor }
}
