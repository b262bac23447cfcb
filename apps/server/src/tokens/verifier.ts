import { FreeholdError } from '@freehold/contracts'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Vouch } from '../api/vouchers.ts'
import { isStorable } from '../http/storable.ts'
import { readPerson } from './claims.ts'
import { createIssuerKeys, type KeyOptions } from './issuer-keys.ts'
import type { Issuer } from './issuers.ts'

/** What the gateway passes on at the most. */
export const maxTokenLength = 8_000
const clockToleranceSeconds = 60
const maxSubjectLength = 255
/** A logout or a security event is signed by the same key and for the same audience, and lets nobody in. */
const acceptedTypes = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'])
/** Three parts of base64url: a JWE has five. The last is empty when nothing is signed. */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]*$/

/**
 * Makes the check of bearer tokens from elsewhere. It throws `unauthenticated` with the check that failed, and `unavailable` when
 * the keys of an issuer can't be had. Nothing of a refused token is in the error.
 */
export function createTokenVerifier(
  issuers: readonly Issuer[],
  options: Pick<KeyOptions, 'logger'> & Partial<KeyOptions>,
): Vouch {
  const { logger, now = Date.now } = options
  const known = new Map(
    issuers.map((issuer) => [issuer.issuer, { issuer, keys: createIssuerKeys(issuer, { now, logger }) }]),
  )

  return async function verifyToken(token) {
    const from = known.get(readIssuer(token))
    if (!from) throw refused('it comes from an issuer that is not configured here')
    const payload = await verify(token, from.issuer, from.keys, new Date(now()))
    if (!isStorable(payload)) throw refused('a claim holds a NUL character or half a surrogate pair')
    if ('events' in payload) throw refused('it reports an event and is none to sign in with')
    if ('cnf' in payload) throw refused('it is bound to a key of its holder; ask the issuer for a bearer token')
    if (!payload.sub || payload.sub.length > maxSubjectLength) throw refused('its claim "sub" names nobody')
    return readPerson(from.issuer, payload.sub, payload)
  }
}

/** Whom the token claims to be from, which says by whose keys it is verified. */
function readIssuer(token: string): string {
  if (token.length > maxTokenLength) throw refused(`it has more than ${maxTokenLength} characters`)
  if (!compactJws.test(token)) throw refused('it is not a signed JWT')
  try {
    const { typ } = decodeProtectedHeader(token)
    if (typ !== undefined && !acceptedTypes.has(typ.toLowerCase()))
      throw refused('it is of a type that is not accepted')
    return decodeJwt(token).iss ?? ''
  } catch (error) {
    throw error instanceof FreeholdError ? error : refused('it is not a signed JWT')
  }
}

async function verify(token: string, issuer: Issuer, keys: JWTVerifyGetKey, currentDate: Date): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: issuer.algorithms,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
      currentDate,
    })
    return payload
  } catch (error) {
    throw error instanceof FreeholdError ? error : refused(explain(error))
  }
}

function explain(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired; get a new one'
  if (error instanceof errors.JWTClaimValidationFailed) return explainClaim(error)
  if (error instanceof errors.JOSEAlgNotAllowed) return 'it is signed with an algorithm that is not accepted'
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'it is not a signed JWT'
  if (error instanceof errors.JOSENotSupported) return 'it needs an extension that is not supported'
  return 'its signature is none of its issuer'
}

function explainClaim({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `it lacks the claim "${claim}"`
  if (claim === 'aud') return 'it is for another audience'
  if (claim === 'nbf' && reason === 'check_failed') return 'it is not valid yet'
  return `its claim "${claim}" is not valid`
}

/** Without a cause: that of `jose` carries the claims, and could be logged. */
function refused(why: string): FreeholdError {
  return new FreeholdError('unauthenticated', `The token is refused: ${why}.`)
}
