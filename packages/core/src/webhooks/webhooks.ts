import { randomBytes } from 'node:crypto'
import {
  type AuditAction,
  type CreateWebhook,
  FreeholdError,
  type Page,
  type Run,
  type UpdateWebhook,
  type Webhook,
  type WebhookWithSecret,
} from '@freehold/contracts'
import { type Selectable, sql, type UpdateObject } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { assertReachable } from '../assert-reachable.ts'
import { maskUrl } from '../audit/mask-secrets.ts'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import type { DB, Webhooks } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { findRun } from '../runs/get-run.ts'
import { admitRun } from '../runs/start-run.ts'
import { secretContext } from './deliveries.ts'

type WebhookRow = Selectable<Webhooks>

/** Each event starts a run for each of them. */
const mostActiveWebhooks = 20

/** Creates a webhook. Its signing secret is in the answer and, encrypted, in the database. */
export async function createWebhook(caller: Caller, input: CreateWebhook): Promise<WebhookWithSecret> {
  authorize(caller, 'webhooks:write')
  const { tenantId } = caller
  await assertReachable(caller, 'body.url', input.url)
  const id = uuidv7()
  const secret = generateSecret()
  const row = await caller.platform.database.withTenant(caller, async (tx) => {
    await assertRoom(tx, tenantId)
    await sql`select ensure_webhook_agent(${tenantId})`.execute(tx)
    const created = await tx
      .insertInto('webhooks')
      .values({
        tenant_id: tenantId,
        id,
        url: input.url,
        description: input.description,
        events: [...new Set(input.events)],
        secret: seal(caller, id, secret),
        created_by: actorName(caller),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    await recordChange(tx, caller, { action: 'webhook.created', subjectId: id, after: termsOf(created) })
    return created
  })
  return { ...toWebhook(row), secret }
}

export async function updateWebhook(caller: Caller, id: string, input: UpdateWebhook): Promise<Webhook> {
  authorize(caller, 'webhooks:write')
  if (input.url !== undefined) await assertReachable(caller, 'body.url', input.url)
  const values = {
    url: input.url,
    description: input.description,
    events: input.events && [...new Set(input.events)],
    ...(input.status === 'active' && { status: 'active', disabled_reason: null }),
    ...(input.status === 'disabled' && { status: 'disabled', disabled_reason: `Disabled by ${actorName(caller)}.` }),
  } satisfies UpdateObject<DB, 'webhooks'>
  const check = async (tx: Tx) => (input.status === 'active' ? assertRoom(tx, caller.tenantId, id) : undefined)
  return change(caller, id, 'webhook.updated', values, check)
}

/** Makes a new secret. For a day the one before signs too, so that the receiver has time to change over. */
export async function rotateWebhookSecret(caller: Caller, id: string): Promise<WebhookWithSecret> {
  authorize(caller, 'webhooks:write')
  const secret = generateSecret()
  const webhook = await change(caller, id, 'webhook.secret-rotated', {
    previous_secret: sql<Buffer>`secret`,
    previous_secret_until: sql<Date>`now() + interval '24 hours'`,
    secret: seal(caller, id, secret),
  })
  return { ...webhook, secret }
}

/** Deletes a webhook and forgets its secret, so that deliveries which are still under way end. */
export async function deleteWebhook(caller: Caller, id: string): Promise<Webhook> {
  authorize(caller, 'webhooks:write')
  const forgotten = { secret: null, previous_secret: null, previous_secret_until: null }
  return change(caller, id, 'webhook.deleted', { status: 'deleted', ...forgotten })
}

export async function getWebhook(caller: Caller, id: string): Promise<Webhook> {
  authorize(caller, 'webhooks:read')
  const row = await caller.platform.database.withTenant(caller, (tx) =>
    selectWebhooks(tx).where('id', '=', id).executeTakeFirst(),
  )
  if (!row) throw webhookNotFound()
  return toWebhook(row)
}

export async function listWebhooks(caller: Caller, query: PageQuery): Promise<Page<Webhook>> {
  authorize(caller, 'webhooks:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    selectWebhooks(tx)
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toWebhook, ({ id }) => id)
}

/** Delivers `webhook.test`, whatever else the webhook listens to. */
export async function testWebhook(caller: Caller, id: string): Promise<Run> {
  authorize(caller, 'webhooks:write')
  const { tenantId } = caller
  const deliver = async (tx: Tx) => {
    const webhook = await selectWebhooks(tx).where('id', '=', id).executeTakeFirst()
    if (!webhook) throw webhookNotFound()
    if (webhook.status !== 'active') {
      throw new FreeholdError('conflict', 'The webhook is disabled. Set its status to "active" first.')
    }
    const data = JSON.stringify({ webhookId: id, requestedBy: actorName(caller) })
    const call = sql<{ run_id: string }>`select start_delivery(${tenantId}, ${id}, 'webhook.test', ${data}) as run_id`
    const { rows } = await call.execute(tx)
    return rows[0]?.run_id ?? ''
  }
  const runId = await admitRun(caller, () => caller.platform.database.withTenant(caller, deliver))
  caller.platform.bus.publish({ kind: 'work' })
  return findRun(caller, runId)
}

async function change(
  caller: TenantCaller,
  id: string,
  action: AuditAction,
  values: UpdateObject<DB, 'webhooks'>,
  check?: (tx: Tx) => Promise<void>,
): Promise<Webhook> {
  const row = await caller.platform.database.withTenant(caller, async (tx) => {
    await check?.(tx)
    const before = await selectWebhooks(tx).where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
    if (!before) throw webhookNotFound()
    const changed = await tx
      .updateTable('webhooks')
      .set({ ...values, updated_at: sql`now()` })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow()
    const after = changed.status === 'deleted' ? undefined : termsOf(changed)
    await recordChange(tx, caller, { action, subjectId: id, before: termsOf(before), after })
    return changed
  })
  return toWebhook(row)
}

/** For one more that is active beside the others. One at a time, or two at once would both take the last place. */
async function assertRoom(tx: Tx, tenantId: string, id?: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`freehold.webhooks:${tenantId}`}, 0))`.execute(tx)
  const active = await tx.selectFrom('webhooks').select('id').where('status', '=', 'active').execute()
  if (active.filter((each) => each.id !== id).length < mostActiveWebhooks) return
  throw new FreeholdError(
    'conflict',
    `A tenant can have ${mostActiveWebhooks} active webhooks. Delete or disable one of them first.`,
  )
}

function selectWebhooks(tx: Tx) {
  return tx.selectFrom('webhooks').selectAll().where('status', '<>', 'deleted')
}

function webhookNotFound(): FreeholdError {
  return new FreeholdError('not_found', 'There is no webhook with this id.')
}

/** As Standard Webhooks wants it: 24 to 64 random bytes. */
/** Gives webhooks that came from another installation a secret that can be read here. Resolves with how many there are. */
export async function resealImportedWebhooks(tx: Tx, caller: TenantCaller): Promise<number> {
  const rows = await tx.selectFrom('webhooks').select('id').where('status', '<>', 'deleted').execute()
  for (const { id } of rows) {
    const secret = seal(caller, id, generateSecret())
    await tx.updateTable('webhooks').set({ secret }).where('id', '=', id).execute()
  }
  return rows.length
}

function generateSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

function seal({ platform, tenantId }: TenantCaller, id: string, secret: string): Buffer {
  return platform.secrets.seal(secret, secretContext(tenantId, id))
}

function toWebhook(row: WebhookRow): Webhook {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    // Parsed before they were stored; the status has a check constraint.
    events: row.events as Webhook['events'],
    status: row.status as Webhook['status'],
    disabledReason: row.disabled_reason,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

/** What a webhook was set to, as far as the audit trail may know it. */
function termsOf(row: WebhookRow): Partial<Webhook> {
  const { id, updatedAt, ...terms } = toWebhook(row)
  return { ...terms, url: maskUrl(row.url) }
}
