import { createHash } from 'node:crypto'
import {
  actorKinds,
  environmentSchema,
  FreeholdError,
  permissions,
  problemSchema,
  rateLimitsSchema,
  tenantRoles,
} from '@freehold/contracts'
import type { Identity } from '@freehold/core'
import { z } from 'zod'
import { gatewayClaims, type MintToken } from '../service-token.ts'

/** How long a revoked key can go on working here. */
const cacheMs = 3_000
const maxCached = 10_000

const identitySchema = z.object({
  actor: z.object({ kind: z.enum(actorKinds), id: z.string(), name: z.string() }),
  tenantId: z.string().nullable(),
  permissions: z.array(z.enum(permissions)),
  // Absent where the other side is of the release before.
  roles: z.array(z.enum(tenantRoles)).default([]),
  environment: environmentSchema.nullable().default(null),
  limits: rateLimitsSchema,
  requestsPerSecond: z.number().nullable().default(null),
})

interface IdentifierParts {
  mint: MintToken
  api: (request: Request) => Promise<Response>
}

/** Asks the api who an `Authorization` header belongs to, and remembers the answer for three seconds. */
export function createIdentifier({ mint, api }: IdentifierParts) {
  const cache = new Map<string, { identity: Promise<Identity>; expiresAt: number }>()

  async function ask(key: string, requestId: string): Promise<Identity> {
    const token = await mint(gatewayClaims(requestId))
    const response = await api(
      new Request('http://api/internal/identify', {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ key }),
      }),
    )
    const body: unknown = await response.json().catch(() => undefined)
    if (response.ok) return identitySchema.parse(body)
    const problem = problemSchema.safeParse(body)
    if (problem.success) {
      throw new FreeholdError(problem.data.code, problem.data.detail, { retryable: problem.data.retryable })
    }
    throw new FreeholdError('unavailable', 'The api is not ready. Try again in a moment.', { retryAfterSeconds: 2 })
  }

  return async function identify(authorization: string | undefined, requestId: string): Promise<Identity> {
    const key = /^Bearer (\S{1,200})$/i.exec(authorization ?? '')?.[1]
    if (!key) {
      throw new FreeholdError('unauthenticated', 'Send an API key: "Authorization: Bearer <key>".')
    }
    const cacheKey = createHash('sha256').update(key).digest('base64')
    const known = cache.get(cacheKey)
    if (known && known.expiresAt > Date.now()) return known.identity
    const identity = ask(key, requestId)
    if (cache.size >= maxCached) cache.clear()
    cache.set(cacheKey, { identity, expiresAt: Date.now() + cacheMs })
    // A refusal is not remembered, so that a key works as soon as it exists.
    identity.catch(() => cache.delete(cacheKey))
    return identity
  }
}
