import { sql } from 'kysely'
import type { Database, Tx } from '../db/database.ts'
import type { SecretCipher } from '../secrets/cipher.ts'

// The side of the runs that deliver. No caller stands here.

/** Where an event goes, and the secrets that sign it, the newest first. */
export interface DeliveryTarget {
  url: string
  secrets: string[]
}

/** Reads where to deliver; nothing when the webhook is disabled or deleted. */
export async function readDeliveryTarget(
  { database, secrets }: { database: Database; secrets: SecretCipher },
  tenantId: string,
  webhookId: string,
): Promise<DeliveryTarget | undefined> {
  const row = await database.withTenant(tenantId, (tx) =>
    tx
      .selectFrom('webhooks')
      .select(['url', 'secret'])
      .select(sql<Buffer | null>`case when previous_secret_until > now() then previous_secret end`.as('previous'))
      .where('id', '=', webhookId)
      .where('status', '=', 'active')
      .executeTakeFirst(),
  )
  if (!row) return undefined
  const sealed = [row.secret, row.previous].filter((each) => each !== null)
  return { url: row.url, secrets: sealed.map((each) => secrets.open(each, secretContext(tenantId, webhookId))) }
}

export async function disableWebhook(
  database: Database,
  tenantId: string,
  webhookId: string,
  reason: string,
): Promise<void> {
  await database.withTenant(tenantId, (tx) =>
    tx
      .updateTable('webhooks')
      .set({ status: 'disabled', disabled_reason: reason, updated_at: sql`now()` })
      .where('id', '=', webhookId)
      .where('status', '=', 'active')
      .execute(),
  )
}

/** Puts the tenant's signing secrets under the current key. Resolves with how many were not. */
export async function resealWebhookSecrets(tx: Tx, secrets: SecretCipher, tenantId: string): Promise<number> {
  let resealed = 0
  const rows = await tx.selectFrom('webhooks').select(['id', 'secret', 'previous_secret']).forUpdate().execute()
  for (const { id, ...row } of rows) {
    const context = secretContext(tenantId, id)
    const secret = row.secret && secrets.reseal(row.secret, context)
    const previous = row.previous_secret && secrets.reseal(row.previous_secret, context)
    const change = { ...(secret && { secret }), ...(previous && { previous_secret: previous }) }
    const count = Object.keys(change).length
    if (count > 0) await tx.updateTable('webhooks').set(change).where('id', '=', id).execute()
    resealed += count
  }
  return resealed
}

/** Ties a sealed secret to its webhook. */
export function secretContext(tenantId: string, webhookId: string): string {
  return `webhook:${tenantId}:${webhookId}`
}
