import { FreeholdError } from '@freehold/contracts'
import type { Caller, Platform } from '@freehold/core'
import type { MiddlewareHandler } from 'hono'
import type { ServiceClaims, VerifyToken } from '../service-token.ts'

export interface ApiVariables {
  requestId: string
  claims: ServiceClaims
}

/** Lets nothing in but what the gateway signed. */
export function requireServiceToken(verify: VerifyToken): MiddlewareHandler<{ Variables: ApiVariables }> {
  return async function verifyServiceToken(c, next) {
    const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    const claims = await verify(token ?? '')
    c.set('claims', claims)
    c.set('requestId', claims.requestId)
    await next()
  }
}

export function callerOf(platform: Platform, claims: ServiceClaims): Caller {
  const { kind, id, name } = claims.actor
  if (kind === 'gateway')
    throw new FreeholdError('permission_denied', 'The gateway acts for a caller here, not for itself.')
  return {
    platform,
    actor: { kind, id, name },
    tenantId: claims.tenant,
    permissions: new Set(claims.permissions),
    roles: claims.roles,
    environment: claims.environment,
    requestId: claims.requestId,
    address: claims.address,
  }
}
