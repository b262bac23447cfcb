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
import { gatewayClaims, type MintToken, teamGrantSchema } from '../service-token.ts'

/** How long a revoked key can go on working here. */
const cacheMs = 3_000
const maxCached = 10_000

const identitySchema = z.object({
  actor: z.object({ kind: z.enum(actorKinds), id: z.string(), name: z.string() }),
  tenantId: z.string().nullable(),
  permissions: z.array(z.enum(permissions)),
  // Absent where the other side is of the release before.
  roles: z.array(z.enum(tenantRoles)).default([]),
  teams: z.array(teamGrantSchema).default([]),
  keyId: z.string().nullable().default(null),
  environment: environmentSchema.nullable().default(null),
  confined: z.boolean().default(false),
  limits: rateLimitsSchema,
  requestsPerSecond: z.number().nullable().default(null),
})

/** What somebody sent to say who they are. */
export interface Credential {
  kind: 'bearer' | 'session'
  value: string
  /** That a session came by, where it is none of the installation's own. */
  host?: string | undefined
}

interface IdentifierParts {
  mint: MintToken
  api: (request: Request) => Promise<Response>
}

/** Long enough for a token that lists the groups of a large company. */
const maxBearerLength = 8_000
const maxTenantLength = 200

/** The credential of an `Authorization` header; undefined for none that can be one. */
export function readBearer(authorization: string | undefined): Credential | undefined {
  const value = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
  return value && value.length <= maxBearerLength ? { kind: 'bearer', value } : undefined
}

/** The session of a `Cookie` header; undefined for none. */
export function readSession(cookies: string | undefined): Credential | undefined {
  const value = /(?:^|; )((?:__Secure-)?auth\.session_token=[^;]{1,500})/.exec(cookies ?? '')?.[1]
  return value ? { kind: 'session', value } : undefined
}

/**
 * Refuses what a page of another origin has a browser do with a session: the browser sends the cookie along by itself, and
 * says whose page it is.
 */
export function assertOwnPage({ method, headers }: Request, trustedOrigins: readonly string[]): void {
  const origin = headers.get('origin')
  if (method === 'GET' || method === 'HEAD' || (origin !== null && trustedOrigins.includes(origin))) return
  throw new FreeholdError(
    'permission_denied',
    'A session acts from pages of this installation only: the Origin header must be that of FREEHOLD_PUBLIC_URL, of the ' +
      'host of a tenant that was asked, or one of FREEHOLD_CORS_ORIGINS. A program sends an API key or a token instead.',
  )
}

/** Asks the api who a credential belongs to, on the ground of the tenant that they chose, and remembers it for three seconds. */
export function createIdentifier({ mint, api }: IdentifierParts) {
  const cache = new Map<string, { identity: Promise<Identity>; expiresAt: number }>()

  async function ask(credential: Credential, tenant: string | undefined, requestId: string): Promise<Identity> {
    const { kind, value, host } = credential
    const token = await mint(gatewayClaims(requestId, undefined, host))
    const response = await api(
      new Request('http://api/internal/identify', {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ credential: { kind, value }, tenant }),
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

  return async function identify(
    credential: Credential | undefined,
    tenant: string | undefined,
    requestId: string,
  ): Promise<Identity> {
    if (!credential) {
      throw new FreeholdError(
        'unauthenticated',
        'Sign in, or send an API key or a token: "Authorization: Bearer <key>".',
      )
    }
    if (tenant !== undefined && tenant.length > maxTenantLength) {
      throw new FreeholdError('invalid_request', 'X-Tenant-Id: send the id or the name of a tenant.')
    }
    const cacheKey = createHash('sha256')
      .update(JSON.stringify([credential, tenant ?? null]))
      .digest('base64')
    const known = cache.get(cacheKey)
    if (known && known.expiresAt > Date.now()) return known.identity
    const identity = ask(credential, tenant, requestId)
    if (cache.size >= maxCached) cache.clear()
    cache.set(cacheKey, { identity, expiresAt: Date.now() + cacheMs })
    // A refusal is not remembered, so that a key works as soon as it exists, and nor is a person without a tenant, so that
    // they are in one as soon as they have joined it.
    identity.then(
      ({ tenantId }) => tenantId === null && cache.delete(cacheKey),
      () => cache.delete(cacheKey),
    )
    return identity
  }
}
