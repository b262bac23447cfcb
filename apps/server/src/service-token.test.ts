import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestPlatform, readResponse, type TestPlatform } from '@freehold/testkit'
import { generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from './config.ts'
import { createMinter, createVerifier, gatewayClaims, generateServiceKeys } from './service-token.ts'

type SigningKey = Awaited<ReturnType<typeof importJWK>>

let on: TestPlatform
let gatewayKey: SigningKey
let publicKey: { x: string }

const keyFileSchema = z.object({ privateKey: z.looseObject({}), publicKey: z.looseObject({ x: z.string() }) })

beforeAll(async () => {
  on = await createTestPlatform()
  const file = keyFileSchema.parse(JSON.parse(await readFile(join(on.dataDir, 'service-key.json'), 'utf8')))
  gatewayKey = await importJWK({ kty: 'OKP', ...file.privateKey }, 'EdDSA')
  publicKey = file.publicKey
})

afterAll(() => on.close())

interface Forgery {
  key?: SigningKey
  alg?: string
  claims?: JWTPayload
  issuer?: string
  audience?: string
  issuedAt?: number
  expiresAt?: number | null
}

const nowSeconds = () => Math.floor(Date.now() / 1000)

/** A token as the gateway makes it for a key of globex, except for what is given. */
function forge(forgery: Forgery = {}): Promise<string> {
  const token = new SignJWT({
    actor: { kind: 'api_key', id: 'forged', name: 'forged' },
    tenant: on.globex.id,
    permissions: ['agents:read'],
    requestId: 'forged-request',
    ...forgery.claims,
  })
    .setProtectedHeader({ alg: forgery.alg ?? 'EdDSA', typ: 'JWT' })
    .setIssuer(forgery.issuer ?? 'freehold-gateway')
    .setAudience(forgery.audience ?? 'freehold-api')
    .setIssuedAt(forgery.issuedAt ?? nowSeconds())
  if (forgery.expiresAt !== null) token.setExpirationTime(forgery.expiresAt ?? nowSeconds() + 60)
  return token.sign(forgery.key ?? gatewayKey)
}

async function unsigned(): Promise<string> {
  const [, payload] = (await forge()).split('.')
  return `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`
}

async function tampered(): Promise<string> {
  const [header, payload = '', signature] = (await forge()).split('.')
  const claims = Buffer.from(payload, 'base64url').toString().replace(on.globex.id, on.acme.id)
  return `${header}.${Buffer.from(claims).toString('base64url')}.${signature}`
}

async function anotherKey(): Promise<SigningKey> {
  return (await generateKeyPair('EdDSA', { crv: 'Ed25519' })).privateKey
}

async function askApi(authorization: string | undefined) {
  const headers = authorization === undefined ? {} : { authorization }
  return readResponse(await on.apiFetch(new Request('http://api/api/v1/agents', { headers })))
}

test('the api takes a token that the gateway signed just now', async () => {
  expect(await askApi(`Bearer ${await forge()}`)).toMatchObject({ status: 200 })
})

const refused: [what: string, authorization: () => Promise<string | undefined>][] = [
  ['no token', async () => undefined],
  ['an empty token', async () => 'Bearer '],
  ["a tenant's API key", async () => `Bearer ${on.acme.key}`],
  ["the operator's key", async () => `Bearer ${on.operatorKey}`],
  ['a token in another scheme', async () => `Basic ${await forge()}`],
  ['a token signed by another key', async () => `Bearer ${await forge({ key: await anotherKey() })}`],
  ['a token that was changed', async () => `Bearer ${await tampered()}`],
  ['a token without a signature (alg none)', async () => `Bearer ${await unsigned()}`],
  [
    'a token whose HMAC secret is the public key (HS256)',
    async () => `Bearer ${await forge({ alg: 'HS256', key: new TextEncoder().encode(JSON.stringify(publicKey)) })}`,
  ],
  [
    'a token whose HMAC secret is the raw public key',
    async () => `Bearer ${await forge({ alg: 'HS256', key: Buffer.from(publicKey.x, 'base64url') })}`,
  ],
  ['an expired token', async () => `Bearer ${await forge({ expiresAt: nowSeconds() - 10 })}`],
  ['a token without an end', async () => `Bearer ${await forge({ expiresAt: null })}`],
  [
    'a token that was made long ago and lives long',
    async () => `Bearer ${await forge({ issuedAt: nowSeconds() - 600, expiresAt: nowSeconds() + 600 })}`,
  ],
  ['a token for another audience', async () => `Bearer ${await forge({ audience: 'someone-else' })}`],
  ['a token from another issuer', async () => `Bearer ${await forge({ issuer: 'someone-else' })}`],
  [
    'a permission that does not exist',
    async () => `Bearer ${await forge({ claims: { permissions: ['everything'] } })}`,
  ],
  ['a token without a tenant claim', async () => `Bearer ${await forge({ claims: { tenant: undefined } })}`],
]

describe('the api refuses', () => {
  test.each(refused)('%s', async (_, authorization) => {
    const answer = await askApi(await authorization())
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  test("the gateway's own token on a tenant's route", async () => {
    const actor = { kind: 'gateway', id: 'gateway', name: 'gateway' }
    const answer = await askApi(`Bearer ${await forge({ claims: { actor, tenant: on.globex.id } })}`)
    expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  })

  test("a caller's token where the gateway asks who a key belongs to", async () => {
    const request = new Request('http://api/internal/identify', {
      method: 'POST',
      headers: { authorization: `Bearer ${await forge()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key: on.acme.key }),
    })
    expect(await readResponse(await on.apiFetch(request))).toMatchObject({ status: 403 })
  })
})

test('the gateway does not lead to the routes between it and the api', async () => {
  const answer = await on.request(on.acme.key, 'POST', '/internal/identify', { key: on.globex.key })
  expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
  const climbed = await on.request(on.acme.key, 'POST', '/api/v1/..%2f..%2finternal/identify', { key: on.globex.key })
  expect(climbed).toMatchObject({ status: 404, body: { code: 'not_found' } })
})

test('the public half of a private key that is given alone is derived from it', async () => {
  const { privateKey } = await generateServiceKeys()
  const config = readConfig({ FREEHOLD_DATA_DIR: on.dataDir, FREEHOLD_SERVICE_KEY: JSON.stringify(privateKey) }, 'all')
  const token = await (await createMinter(config))(gatewayClaims('a-request'))
  expect(await (await createVerifier(config))(token)).toMatchObject({ requestId: 'a-request' })
})

test('a public key alone is refused where tokens are signed, too', async () => {
  const env = { FREEHOLD_SERVICE_PUBLIC_KEY: JSON.stringify((await generateServiceKeys()).publicKey) }
  expect(() => readConfig(env, 'all')).toThrow('FREEHOLD_SERVICE_KEY: the target all signs')
  expect(readConfig(env, 'api').servicePublicKey).toBe(env.FREEHOLD_SERVICE_PUBLIC_KEY)
})

test('processes that start at once on one folder agree on a key that only its owner can read', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'freehold-keys-'))
  try {
    const config = readConfig({ FREEHOLD_DATA_DIR: dataDir }, 'all')
    const pairs = await Promise.all(
      Array.from({ length: 6 }, () => Promise.all([createMinter(config), createVerifier(config)])),
    )
    for (const [mint] of pairs) {
      const token = await mint(gatewayClaims('a-request'))
      for (const [, verify] of pairs) expect(await verify(token)).toMatchObject({ requestId: 'a-request' })
    }
    expect(await readdir(dataDir)).toEqual(['service-key.json'])
    expect((await stat(join(dataDir, 'service-key.json'))).mode & 0o777).toBe(0o600)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
