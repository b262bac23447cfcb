import { FreeholdError } from '@freehold/contracts'
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import type { Logger } from 'pino'
import { z } from 'zod'
import { findUrlProblem, type Issuer } from './issuers.ts'

/** How long a key that its issuer has withdrawn can go on counting. */
const freshMs = 600_000
/** How long keys live on while their issuer is away. */
const staleMs = 6 * 3_600_000
/** How often an issuer is asked at the most, however many tokens name keys that it does not have. */
const cooldownMs = 10_000
const fetchTimeoutMs = 5_000

const discoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.string() })
const jwksSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) })

export interface KeyOptions {
  now: () => number
  logger: Pick<Logger, 'warn'>
}

/**
 * The keys of one issuer. They are fetched when they are first needed, when they are ten minutes old, and when a token names a
 * key that is not among them, but for the last not within ten seconds of the attempt before. An issuer that is away costs
 * nothing for six hours: what it published last counts until then.
 */
export function createIssuerKeys(issuer: Issuer, { now, logger }: KeyOptions): JWTVerifyGetKey {
  let kept: { find: JWTVerifyGetKey; fetchedAt: number } | undefined
  let attemptedAt = Number.NEGATIVE_INFINITY
  let attempt: Promise<void> | undefined

  async function load(): Promise<void> {
    attemptedAt = now()
    try {
      kept = { find: createLocalJWKSet(await fetchKeys(issuer)), fetchedAt: now() }
    } catch (error) {
      logger.warn({ err: error, issuer: issuer.issuer }, 'the keys of an issuer could not be fetched')
    }
  }

  /** Everyone who waits for keys waits for the same attempt. */
  async function refresh(): Promise<void> {
    attempt ??= load().finally(() => {
      attempt = undefined
    })
    await attempt
  }

  // A clock that was set back counts as time that has passed.
  const since = (at: number) => Math.abs(now() - at)
  const mayAsk = () => attempt !== undefined || since(attemptedAt) >= cooldownMs

  async function current(): Promise<JWTVerifyGetKey> {
    if ((!kept || since(kept.fetchedAt) >= freshMs) && mayAsk()) await refresh()
    if (kept && since(kept.fetchedAt) < staleMs) return kept.find
    throw new FreeholdError(
      'unavailable',
      'The keys of the issuer can not be fetched right now. Try again in a moment.',
      {
        retryAfterSeconds: cooldownMs / 1_000,
      },
    )
  }

  return async function findKey(header, token) {
    const find = await current()
    try {
      return await find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !mayAsk()) throw error
      await refresh()
      return (await current())(header, token)
    }
  }
}

async function fetchKeys({ issuer, jwksUrl }: Issuer) {
  return jwksSchema.parse(await fetchJson(jwksUrl ?? (await discover(issuer))))
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const document = discoverySchema.parse(await fetchJson(url))
  if (document.issuer !== issuer) throw new Error(`${url} names another issuer: ${document.issuer}`)
  const problem = findUrlProblem(document.jwks_uri)
  if (problem) throw new Error(`The jwks_uri of ${url} ${problem}`)
  return document.jwks_uri
}

async function fetchJson(url: string): Promise<unknown> {
  // A redirect could lead to where the keys come in the clear.
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(fetchTimeoutMs),
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  return response.json()
}
