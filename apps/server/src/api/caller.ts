import { FreeholdError, type Permission } from '@freehold/contracts'
import type { Caller, Platform } from '@freehold/core'
import type { MiddlewareHandler } from 'hono'
import type { ServiceClaims, VerifyToken } from '../service-token.ts'
import { chooseScope } from './choose-scope.ts'

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

/** Who asks, for an operation that needs `permission`, as far as a header chose one of their teams. */
export function callerOf(
  platform: Platform,
  claims: ServiceClaims,
  permission: Permission | null,
  chosenTeam: string | undefined,
): Caller {
  const { kind, id, name } = claims.actor
  if (kind === 'gateway')
    throw new FreeholdError('permission_denied', 'The gateway acts for a caller here, not for itself.')
  return {
    platform,
    actor: { kind, id, name },
    tenantId: claims.tenant,
    ...chooseScope(claims, permission, chosenTeam),
    environment: claims.environment,
    keyId: claims.keyId,
    confined: claims.confined,
    requestId: claims.requestId,
    address: claims.address,
  }
}
