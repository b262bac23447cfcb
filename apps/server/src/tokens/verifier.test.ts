import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FreeholdError } from '@freehold/contracts'
import {
  CompactEncrypt,
  type CompactJWSHeaderParameters,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Vouch } from '../api/vouchers.ts'
import { parseIssuers } from './issuers.ts'
import { generateSigningKey, type SignedIn, startOidcProvider, type TestProvider } from './oidc-provider.fixture.ts'
import { createTokenVerifier, maxTokenLength } from './verifier.ts'

const audience = 'https://freehold.example.com'
const minuteMs = 60_000
const hourMs = 60 * minuteMs
let now = Date.now()
const logged: unknown[] = []
const logger = { warn: (fields: unknown) => void logged.push(fields) }

let provider: TestProvider
let other: KeyServer
let alice: SignedIn
let verify: Vouch

beforeAll(async () => {
  const claims = { tenant: 'acme', groups: ['staff', 'platform-admins'] }
  provider = await startOidcProvider({ audience, claims })
  other = await startKeyServer([await generateSigningKey()])
  alice = await provider.signIn('alice')
  verify = createVerifier()
  now = Date.now()
})

afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

/** A verifier that has fetched nothing yet. */
function createVerifier(terms: object = {}): Vouch {
  const issuers = [
    { issuer: provider.issuer, audience, ...terms },
    { issuer: other.issuer, audience, jwksUrl: `${other.issuer}/keys` },
  ]
  return createTokenVerifier(parseIssuers(JSON.stringify(issuers)), { now: () => now, logger })
}

interface KeyServer extends AsyncDisposable {
  issuer: string
  keys: JWK[]
  /** Whether it answers. */
  up: boolean
  /** The discovery document, and where else it sends who asks for that. */
  discovery: object
  redirect: string | undefined
  requests: number
}

/** Publishes keys, counts who asks, and can be away. */
async function startKeyServer(keys: JWK[]): Promise<KeyServer> {
  const state = { keys, up: true, requests: 0, discovery: {}, redirect: undefined }
  const server = createServer(({ url }, response) => {
    state.requests += 1
    if (!state.up) return void response.writeHead(503).end()
    if (state.redirect) return void response.writeHead(302, { location: state.redirect }).end()
    if (url?.includes('openid-configuration')) return void response.end(JSON.stringify(state.discovery))
    response.end(JSON.stringify({ keys: state.keys.map(toPublic) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

/** Without `alg`, which issuers may leave out. */
const toPublic = ({ kty, crv, n, e, x, y, kid }: JWK) => ({ kty, crv, n, e, x, y, kid, use: 'sig' })

interface Forgery {
  header?: Partial<CompactJWSHeaderParameters>
  claims?: Record<string, unknown>
  /** Whose private key signs; the provider's when absent. */
  key?: JWK
}

const nowSeconds = () => Math.floor(now / 1000)

/** Alice's own access token, except for what is given. A claim or a parameter of `undefined` is left out. */
async function forge({ header, claims, key = provider.signingKey() }: Forgery = {}): Promise<string> {
  const fields = { ...decodeProtectedHeader(alice.accessToken), alg: 'RS256', ...header }
  return new SignJWT({ ...decodeJwt(alice.accessToken), ...claims })
    .setProtectedHeader(JSON.parse(JSON.stringify(fields)))
    .sign(await importJWK(key, fields.alg), { crit: { unheard: true } })
}

const partsOf = (token: string) => token.split('.') as [string, string, string]
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function tamper(): Promise<string> {
  const [header, payload, signature] = partsOf(alice.accessToken)
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return [header, encode({ ...claims, sub: 'mallory' }), signature].join('.')
}

function publicPem(): Uint8Array {
  const key = createPublicKey({ key: provider.signingKey() as JsonWebKey, format: 'jwk' })
  return new TextEncoder().encode(String(key.export({ type: 'spki', format: 'pem' })))
}

async function signWithPublicKey(): Promise<string> {
  const claims = { ...decodeJwt(alice.accessToken) }
  const header = { ...decodeProtectedHeader(alice.accessToken), alg: 'HS256' }
  return new SignJWT(claims).setProtectedHeader(header).sign(publicPem())
}

async function encrypt(): Promise<string> {
  const { kty, n, e } = provider.signingKey()
  return new CompactEncrypt(new TextEncoder().encode(alice.accessToken))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
    .encrypt(await importJWK({ kty, n, e } as JWK, 'RSA-OAEP-256'))
}

const foreignKey = async () => ({ ...(await generateSigningKey()), kid: provider.signingKey().kid ?? '' })
const otherKey = () => other.keys[0] ?? {}
const signature = 'its signature is none of its issuer'
const noJwt = 'it is not a signed JWT'

type Refused = [name: string, make: () => Promise<string>, why: string]
const forgeries: Refused[] = [
  ['signed by another key under the same kid', async () => forge({ key: await foreignKey() }), signature],
  [
    'signed by the key of another issuer',
    () => forge({ key: otherKey(), header: { kid: otherKey().kid ?? '' } }),
    signature,
  ],
  ['of another issuer, signed by ours', () => forge({ claims: { iss: other.issuer } }), signature],
  ['with a kid that nobody knows', () => forge({ header: { kid: 'unknown' } }), signature],
  ['with a payload that was changed', tamper, signature],
  ['expired 61 s ago', () => forge({ claims: { exp: nowSeconds() - 61 } }), 'it has expired'],
  ['that never expires', () => forge({ claims: { exp: undefined } }), 'it lacks the claim "exp"'],
  ['whose exp is text', () => forge({ claims: { exp: '9999999999' } }), 'its claim "exp" is not valid'],
  ['not valid for another 61 s', () => forge({ claims: { nbf: nowSeconds() + 61 } }), 'it is not valid yet'],
  [
    'for another audience',
    () => forge({ claims: { aud: 'https://elsewhere.example.com' } }),
    'it is for another audience',
  ],
  ['for no audience', () => forge({ claims: { aud: undefined } }), 'it lacks the claim "aud"'],
  [
    'of an issuer that is not configured',
    () => forge({ claims: { iss: 'https://evil.example.com' } }),
    'an issuer that is not',
  ],
  ['of an issuer with a slash more', () => forge({ claims: { iss: `${provider.issuer}/` } }), 'an issuer that is not'],
  ['of no issuer', () => forge({ claims: { iss: undefined } }), 'an issuer that is not'],
  ['about nobody', () => forge({ claims: { sub: undefined } }), 'it lacks the claim "sub"'],
  ...['sub', 'email', 'name'].map(
    (claim): Refused => [
      `with a NUL character in its ${claim}`,
      () => forge({ claims: { [claim]: 'alice\0' } }),
      'a claim holds a NUL character',
    ],
  ),
  ['signed with HS256 and the public key', signWithPublicKey, 'it is signed with an algorithm that is not accepted'],
  ['encrypted', encrypt, noJwt],
  [
    'longer than the gateway passes on',
    () => forge({ claims: { pad: 'x'.repeat(maxTokenLength) } }),
    'it has more than 8000 characters',
  ],
  ['of a logout', () => forge({ header: { typ: 'logout+jwt' } }), 'it is of a type that is not accepted'],
  ['that reports an event', () => forge({ claims: { events: {} } }), 'it reports an event'],
  [
    'bound to a key of its holder',
    () => forge({ claims: { cnf: { jkt: 'x' } } }),
    'it is bound to a key of its holder',
  ],
  [
    'with an extension that must be understood',
    () => forge({ header: { crit: ['unheard'], unheard: 1 } }),
    'it needs an extension',
  ],
  ['that is a key of ours', async () => 'fhk_not-a-jwt', noJwt],
  ['that is three words', async () => 'one.two.three', noJwt],
]

/** `alg: none` in spellings that checks elsewhere have missed. */
for (const alg of ['none', 'None', 'nOnE']) {
  const claim = (last: () => string) => async () => [encode({ alg }), partsOf(alice.accessToken)[1], last()].join('.')
  const why = 'it is signed with an algorithm that is not accepted'
  forgeries.push([`with alg "${alg}" and no signature`, claim(() => ''), why])
  forgeries.push([`with alg "${alg}" and a signature`, claim(() => partsOf(alice.accessToken)[2]), why])
}

async function refusalOf(token: string, by = verify): Promise<FreeholdError> {
  const error = await by(token).then(
    () => new Error('was accepted'),
    (refusal: unknown) => refusal,
  )
  if (error instanceof FreeholdError) return error
  throw error
}

describe('a token that a real provider issued', () => {
  test('says who its person is', async () => {
    expect(decodeProtectedHeader(alice.accessToken).typ).toBe('at+jwt')
    expect(await verify(alice.accessToken)).toEqual({
      issuer: provider.issuer,
      subject: 'alice',
      email: 'alice@example.com',
      emailVerified: true,
      name: 'alice',
    })
  })

  test('counts as an ID token, too, where its audience is accepted', async () => {
    const idTokens = createVerifier({ audience: 'dashboard' })
    expect(await idTokens(alice.idToken)).toMatchObject({ subject: 'alice', email: 'alice@example.com' })
    expect((await refusalOf(alice.idToken)).message).toContain('another audience')
  })

  test('says what its person may do where', async () => {
    const rolesMap = { 'platform-admins': 'admin', everyone: 'viewer' }
    const terms = { claims: { tenant: 'tenant', roles: 'groups' }, tenants: ['acme'], rolesMap }
    const { memberships } = await createVerifier(terms)(alice.accessToken)
    expect(memberships).toEqual([{ tenant: 'acme', roles: ['admin'] }])
  })
})

describe('a token is refused', () => {
  test.each(forgeries)('%s', async (_, make, why) => {
    const token = await make()
    const refusal = await refusalOf(token)
    expect(refusal).toMatchObject({ code: 'unauthenticated', retryable: false })
    expect(refusal.message).toMatch(/^The token is refused: /)
    expect(refusal.message).toContain(why)
    expect(JSON.stringify([refusal.message, refusal.cause ?? null])).not.toContain('alice')
  })

  test('when its issuer accepts only other algorithms', async () => {
    expect((await refusalOf(alice.accessToken, createVerifier({ algorithms: ['ES256'] }))).message).toContain(
      'algorithm',
    )
  })

  test('without a kid when its issuer has several keys, and not when it has one', async () => {
    const [first, second] = [await generateSigningKey(), await generateSigningKey()]
    other.keys = [first]
    const nameless = await forge({ key: first, header: { kid: undefined as never }, claims: { iss: other.issuer } })
    expect(await createVerifier()(nameless)).toMatchObject({ issuer: other.issuer })
    other.keys = [first, second]
    expect((await refusalOf(nameless, createVerifier())).message).toContain(signature)
  })
})

test.each([
  ['expired 59 s ago', () => ({ exp: nowSeconds() - 59 })],
  ['not valid for another 59 s', () => ({ nbf: nowSeconds() + 59 })],
  ['for several audiences', () => ({ aud: ['https://elsewhere.example.com', audience] })],
])('a token %s is accepted', async (_, claims) => {
  expect(await verify(await forge({ claims: claims() }))).toMatchObject({ subject: 'alice' })
})

test.each(['ES256', 'ES512', 'PS256', 'RS512', 'EdDSA', 'Ed25519'])('a signature of %s counts', async (alg) => {
  const key = await generateSigningKey(alg)
  other.keys = [key]
  const token = await forge({ key, header: { alg, kid: key.kid ?? '' }, claims: { iss: other.issuer } })
  expect(await createVerifier()(token)).toMatchObject({ issuer: other.issuer, subject: 'alice' })
})

describe('keys', () => {
  test('that the provider rotates are followed without a restart', async () => {
    const before = alice.accessToken
    await verify(before)
    await provider.rotate()
    now += minuteMs
    alice = await provider.signIn('alice')
    expect(decodeProtectedHeader(alice.accessToken).kid).not.toBe(decodeProtectedHeader(before).kid)
    expect(await verify(alice.accessToken)).toMatchObject({ subject: 'alice' })
    expect((await refusalOf(before)).message).toContain(signature)
  })

  /** Tokens of `other`, whose keys this test changes at will. */
  const ofOther = (key: JWK) =>
    forge({ key, header: { kid: key.kid ?? '' }, claims: { iss: other.issuer, exp: nowSeconds() + 86_400 } })

  test('are asked for once however many tokens come at once, and unknown ones at most every ten seconds', async () => {
    const key = await generateSigningKey()
    Object.assign(other, { keys: [key], requests: 0 })
    const verifyFresh = createVerifier()
    const good = await ofOther(key)
    await Promise.all(Array.from({ length: 20 }, () => verifyFresh(good)))
    expect(other.requests).toBe(1)
    const flood = () =>
      Promise.all(Array.from({ length: 20 }, async (__, at) => refusalOf(await stray(at), verifyFresh)))
    const stray = (at: number) => forge({ key, header: { kid: `stray-${at}` }, claims: { iss: other.issuer } })
    await flood()
    expect(other.requests).toBe(1)
    now += 10_000
    await flood()
    await flood()
    expect(other.requests).toBe(2)
  })

  test('live on for six hours while their issuer is away', async () => {
    const key = await generateSigningKey()
    Object.assign(other, { keys: [key], up: true })
    const verifyFresh = createVerifier()
    const token = await ofOther(key)
    await verifyFresh(token)
    Object.assign(other, { up: false, requests: 0 })
    now += 6 * hourMs - 1_000
    expect(await verifyFresh(token)).toMatchObject({ subject: 'alice' })
    expect(await verifyFresh(token)).toMatchObject({ subject: 'alice' })
    expect(other.requests).toBe(1)
    now += 1_000
    expect(await refusalOf(token, verifyFresh)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 10 })
    other.up = true
    now += 10_000
    expect(await verifyFresh(token)).toMatchObject({ subject: 'alice' })
  })

  test('that can not be had make the platform unavailable, not the token wrong', async () => {
    other.up = false
    logged.length = 0
    const refusal = await refusalOf(await ofOther(otherKey()), createVerifier())
    expect(refusal).toMatchObject({ code: 'unavailable', retryable: true, retryAfterSeconds: 10 })
    expect(logged).toEqual([expect.objectContaining({ issuer: other.issuer })])
    other.up = true
  })

  test('that were withdrawn count for ten minutes at the most', async () => {
    const [old, next] = [await generateSigningKey(), await generateSigningKey()]
    other.keys = [old]
    const verifyFresh = createVerifier()
    const token = await ofOther(old)
    await verifyFresh(token)
    other.keys = [next]
    now += 10 * minuteMs
    expect((await refusalOf(token, verifyFresh)).message).toContain(signature)
  })

  test.each([
    [
      'that names another issuer',
      () => ({ issuer: provider.issuer, jwks_uri: `${other.issuer}/keys` }),
      'names another',
    ],
    [
      'with keys in the clear',
      () => ({ issuer: other.issuer, jwks_uri: 'http://keys.invalid' }),
      'must begin with https',
    ],
    ['with no keys', () => ({ issuer: other.issuer }), 'jwks_uri'],
  ])('are not taken from a discovery document %s', async (_, document, why) => {
    Object.assign(other, { discovery: document(), up: true })
    const discovering = JSON.stringify([{ issuer: other.issuer, audience }])
    const verifyFresh = createTokenVerifier(parseIssuers(discovering), { logger })
    logged.length = 0
    expect(await refusalOf(await ofOther(otherKey()), verifyFresh)).toMatchObject({ code: 'unavailable' })
    const message = expect.stringContaining(why)
    expect(logged).toEqual([{ issuer: other.issuer, err: expect.objectContaining({ message }) }])
  })

  test('are not fetched from where somebody redirects to', async () => {
    Object.assign(other, { redirect: `${provider.issuer}/jwks`, requests: 0 })
    const ofProvider = await forge({ claims: { iss: other.issuer } })
    expect(await refusalOf(ofProvider, createVerifier())).toMatchObject({ code: 'unavailable' })
    expect(other.requests).toBe(1)
    other.redirect = undefined
  })

  test('are fetched again from where the provider says, and live on when it has gone', async () => {
    const verifyFresh = createVerifier()
    const token = await forge({ claims: { exp: nowSeconds() + 86_400 } })
    await verifyFresh(token)
    provider.leave()
    now += hourMs
    expect(await verifyFresh(token)).toMatchObject({ subject: 'alice' })
  })
})
