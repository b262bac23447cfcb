import { FreeholdError } from '@freehold/contracts'
import { authenticateKey, type Identity, identifyPerson, looksLikeKey } from '@freehold/core'
import { z } from 'zod'
import type { ServiceClaims } from '../service-token.ts'
import type { ApiParts } from './parts.ts'
import { readJson } from './read-json.ts'

const credentialSchema = z.strictObject({ kind: z.enum(['bearer', 'session']), value: z.string().max(10_000) })
const identifySchema = z.union([
  z.strictObject({ credential: credentialSchema, tenant: z.string().max(200).optional() }),
  // From a gateway of the release before.
  z.strictObject({ key: z.string().max(200) }).transform(({ key }) => ({
    credential: { kind: 'bearer' as const, value: key },
    tenant: undefined,
  })),
])

/** Tells the gateway who a credential belongs to. */
export async function identify(parts: ApiParts, claims: ServiceClaims, request: Request): Promise<Identity> {
  if (claims.actor.kind !== 'gateway') {
    throw new FreeholdError('permission_denied', 'Only the gateway identifies callers.')
  }
  const { credential, tenant } = identifySchema.parse(await readJson(request))
  const { kind, value } = credential
  const vouch = parts.vouchers[kind]
  // A key is of one tenant already, so there is nothing to choose.
  if (kind === 'bearer' && (looksLikeKey(value) || !vouch)) return authenticateKey(parts.platform.database, value)
  if (!vouch) throw new FreeholdError('unauthenticated', 'Nobody can sign in to this installation.')
  // Who vouches says whose the host is: asked a second time, it could be nobody's by then, and would confine nobody.
  const { confinedTo, ...vouched } = await vouch(value, kind === 'session' ? claims.host : undefined)
  return identifyPerson(parts.platform, vouched, tenant, confinedTo)
}
