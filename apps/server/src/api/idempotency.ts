import { createHash } from 'node:crypto'
import { FreeholdError, idempotencyKeySchema, type Operation } from '@freehold/contracts'
import { type Caller, canonicalJson, doOnce } from '@freehold/core'

/** How a handler does what must not be done twice. */
export interface Idempotency {
  /** What the client named its request; undefined when it didn't, or when nothing is created. */
  key: string | undefined
  /** Does the work, or answers with what it came to before. On the ground of the caller's tenant when none is named. */
  once<T>(work: () => Promise<T>, tenantId?: string): Promise<T>
}

/** What was asked, before any default is filled in: those may change between two releases. */
export interface Asked {
  params: Record<string, string>
  query: Record<string, string>
  body: unknown
}

export function readIdempotency(
  caller: Caller,
  operationId: string,
  operation: Operation,
  headers: Headers,
  asked: Asked,
): Idempotency {
  const header = headers.get('idempotency-key')
  if (!operation.idempotency || header === null) return { key: undefined, once: (work) => work() }
  const key = parseKey(header)
  const { permission } = operation
  const teams = caller.teams?.join() ?? ''
  const asker = operation.idempotency === 'caller' ? caller.actor.id + teams : teams
  const requestHash = hashRequest(asker, operationId, asked)
  return {
    key,
    once(work, tenantId = caller.tenantId ?? undefined) {
      // Whoever stands on no ground is refused by the verb.
      if (tenantId === undefined) return work()
      // Each team has keys of its own, so that none learns which ones another has sent.
      const name = teams === '' ? key : `${key} of ${teams}`
      return doOnce(caller, { operation: operationId, permission, key: name, requestHash }, tenantId, work)
    },
  }
}

function parseKey(header: string): string {
  const parsed = idempotencyKeySchema.safeParse(header)
  if (parsed.success) return parsed.data
  throw new FreeholdError('invalid_request', `Idempotency-Key: ${parsed.error.issues[0]?.message}`)
}

function hashRequest(asker: string, operationId: string, { params, query, body }: Asked): Buffer {
  // How long the answer may be held changes nothing about what is asked.
  const { wait: _, ...rest } = query
  return createHash('sha256')
    .update(canonicalJson([asker, operationId, params, rest, body]))
    .digest()
}
