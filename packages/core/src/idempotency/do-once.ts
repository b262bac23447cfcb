import { FreeholdError, type Permission } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Database, Tx } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'
import { decrypt, encrypt } from '../secrets/aead.ts'
import { type DerivedKey, deriveKey } from './derive-key.ts'

/** A creating request that its client may send again. */
export interface IdempotentRequest {
  operation: string
  /** What the operation needs: whoever lacks it gets no remembered result either. */
  permission: Permission | null
  /** The client's `Idempotency-Key`. */
  key: string
  /** SHA-256 of all that was asked. Another request with the same key is an error. */
  requestHash: Buffer
}

/** Requests that this process is at, by all that makes two the same. */
const underWay = new WeakMap<Database, Map<string, Promise<unknown>>>()

/**
 * Does the work of a request once: a request that was done in the last 24 hours answers with the first result, as JSON
 * keeps it. `work` calls verbs of the tenant; they and the memory of their result commit as one, so there is no moment
 * at which one exists without the other. Nothing is remembered of work that throws: it can be tried again.
 *
 * A duplicate of what this process is doing shares its outcome, and holds no connection. One of what another process is
 * doing waits in the database, on the primary key.
 */
export async function doOnce<T>(
  caller: Caller,
  request: IdempotentRequest,
  tenantId: string,
  work: () => Promise<T>,
): Promise<T> {
  const { operation, permission, requestHash } = request
  // The verb refuses it in its own words.
  if (permission !== null && !caller.permissions.has(permission)) return work()
  const { database } = caller.platform
  const key = deriveKey(request.key, tenantId, operation)
  const same = underWay.get(database) ?? new Map<string, Promise<unknown>>()
  underWay.set(database, same)
  const name = [tenantId, operation, key.lookup.toString('base64'), requestHash.toString('base64')].join(' ')
  // The same request of the same operation, so the result is of the same type.
  const first = same.get(name) as Promise<T> | undefined
  if (first !== undefined) return first
  const outcome = doOrRecall({ database, tenantId, operation, key, requestHash }, work)
  same.set(name, outcome)
  try {
    return await outcome
  } finally {
    same.delete(name)
  }
}

interface Entry {
  database: Database
  tenantId: string
  operation: string
  key: DerivedKey
  requestHash: Buffer
}

function doOrRecall<T>(entry: Entry, work: () => Promise<T>): Promise<T> {
  return entry.database.asOne(entry.tenantId, async (tx) => {
    if (!(await take(tx, entry))) return recall<T>(tx, entry)
    const result = await work()
    await remember(tx, entry, result)
    return result
  })
}

/** Whether the key is free, or was 24 hours ago. Waits for another transaction that is at it. */
async function take(tx: Tx, { tenantId, operation, key, requestHash }: Entry): Promise<boolean> {
  const expiresAt = sql<Date>`now() + interval '24 hours'`
  const taken = await tx
    .insertInto('idempotency_keys')
    .values({
      tenant_id: tenantId,
      operation,
      key_hash: key.lookup,
      request_hash: requestHash,
      expires_at: expiresAt,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'operation', 'key_hash'])
        .doUpdateSet({ request_hash: requestHash, result: null, expires_at: expiresAt })
        .where('idempotency_keys.expires_at', '<=', sql<Date>`now()`),
    )
    .returning('operation')
    .executeTakeFirst()
  return taken !== undefined
}

async function recall<T>(tx: Tx, { operation, key, requestHash }: Entry): Promise<T> {
  const row = await tx
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'result'])
    .where('operation', '=', operation)
    .where('key_hash', '=', key.lookup)
    .executeTakeFirstOrThrow()
  if (!row.request_hash.equals(requestHash)) {
    throw new FreeholdError(
      'idempotency_key_reused',
      'This Idempotency-Key was sent with another request. Send the same key only to repeat a request, and a new one with a new request.',
    )
  }
  if (row.result === null) throw new Error('an idempotency key without a result was committed')
  // What `remember` encrypted for the same request.
  return JSON.parse(decrypt(key.secret, requestHash, row.result)) as T
}

async function remember(tx: Tx, { operation, key, requestHash }: Entry, result: unknown): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('idempotency_keys')
    .set({ result: encrypt(key.secret, requestHash, JSON.stringify(result)) })
    .where('operation', '=', operation)
    .where('key_hash', '=', key.lookup)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new Error('the work of a request left its tenant')
}
