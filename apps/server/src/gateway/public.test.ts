import { publicBrandingSchema } from '@freehold/contracts'
import { createTestPlatform, sampleLogo, type TestPlatform } from '@freehold/testkit'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGateway } from './app.ts'

let on: TestPlatform
let logoUrl: string
const path = '/api/v1/public/branding'
const ask = (host: string, query = '', headers: Record<string, string> = {}) =>
  on.request(null, 'GET', `${path}${query}`, undefined, { host, ...headers })

beforeAll(async () => {
  const env = {
    FREEHOLD_PUBLIC_URL: 'https://freehold.example.com',
    FREEHOLD_BRAND_NAME: 'The House',
    FREEHOLD_SUPPORT_ADDRESS: 'help@house.example',
  }
  on = await createTestPlatform({ env })
  const client = on.client(on.acme.key)
  await client.putBranding({ body: { name: 'Acme Agents', colors: { primary: '#1a2b3c' } } })
  await client.putLogo({ body: { data: sampleLogo } })
  await client.claimHost({ body: { host: 'agents.acme.example' } })
  await client.verifyHost()
  logoUrl = publicBrandingSchema.parse((await ask('agents.acme.example')).body).logoUrl ?? ''
})
afterAll(() => on.close())

const known = {
  name: 'Acme Agents',
  logoUrl: expect.stringMatching(/^\/api\/v1\/public\/logos\/[0-9a-f]{64}$/),
  colors: { primary: '#1a2b3c', background: null, text: null },
  supportAddress: null,
}
const houses = {
  name: 'The House',
  logoUrl: null,
  colors: { primary: null, background: null, text: null },
  supportAddress: 'help@house.example',
}

test('the description of the interface has the name that pages have', async () => {
  const descriptionAt = async (host: string) => {
    const headers = { host, 'if-none-match': (await ask(host)).headers.get('etag') ?? '' }
    return on.request(null, 'GET', '/api/v1/openapi.json', undefined, headers)
  }
  expect(await descriptionAt('agents.acme.example')).toMatchObject({ body: { info: { title: 'Acme Agents' } } })
  expect(await descriptionAt('freehold.example.com')).toMatchObject({ body: { info: { title: 'The House' } } })
})

describe('the branding that everybody may see', () => {
  test.each(['agents.acme.example', 'AGENTS.acme.example:8443', 'agents.acme.example.'])('of %s', async (host) => {
    expect(await ask(host)).toMatchObject({ status: 200, body: known })
  })

  test.each([
    ['another host', 'agents.globex.example', ''],
    ['no host at all', '', ''],
    ['what is no host', '<script>', ''],
    ['a host with an end', 'agents.acme.example\\.evil.example', ''],
    ['the name of a tenant', 'unknown.example', '?tenant=acme'],
    ['the name of no tenant', 'unknown.example', '?tenant=nobody'],
    ['a host in the query', 'unknown.example', '?host=agents.acme.example'],
    ['a very long host', `${'a'.repeat(400)}.example`, ''],
  ])('is the installation’s for %s', async (_, host, query) => {
    const answer = await ask(host, query)
    expect(answer).toMatchObject({ status: 200, body: houses })
    expect(answer.headers.get('etag')).toBe((await ask('nobody.example')).headers.get('etag'))
  })

  test('is cached for a minute, and not sent again while it is the same', async () => {
    const { headers } = await ask('agents.acme.example')
    expect(headers.get('cache-control')).toBe('public, max-age=60')
    expect(headers.get('vary')).toMatch(/host/i)
    const etag = headers.get('etag') ?? ''
    const again = await ask('agents.acme.example', '', { 'if-none-match': `W/${etag}` })
    expect(again).toMatchObject({ status: 304, text: '' })
    await on.client(on.acme.key).putBranding({ body: { name: 'Acme', colors: { primary: '#1a2b3c' } } })
    expect(await ask('agents.acme.example', '', { 'if-none-match': etag })).toMatchObject({ status: 200 })
    await on.client(on.acme.key).putBranding({ body: { name: 'Acme Agents', colors: { primary: '#1a2b3c' } } })
  })

  test('has nothing of the tenant but how it looks', async () => {
    const { text } = await ask('agents.acme.example')
    expect(text).not.toContain(on.acme.id)
    expect(Object.keys(JSON.parse(text)).toSorted()).toEqual(['colors', 'logoUrl', 'name', 'supportAddress'])
  })

  test('is limited by address', async () => {
    const gateway = createGateway({
      mint: async () => 'token',
      logger: pino({ level: 'silent' }),
      api: async () => new Response('{}'),
      corsOrigins: [],
      origins: { publicUrl: 'http://localhost:3000', trustedOrigins: [] },
      rateLimitPerMinute: 2,
      signInAttemptsPerMinute: 1,
    })
    const once = async () => (await gateway.request(path)).status
    expect([await once(), await once(), await once()]).toEqual([200, 200, 429])
  })
})

describe('a logo', () => {
  test('is sent so that nothing in it can run', async () => {
    const answer = await on.fetch(new Request(`http://gateway${logoUrl}`))
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(new Uint8Array(Buffer.from(sampleLogo, 'base64')))
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    const etag = answer.headers.get('etag') ?? ''
    expect(await on.request(null, 'GET', logoUrl, undefined, { 'if-none-match': etag })).toMatchObject({ status: 304 })
  })

  test.each(['0'.repeat(64), 'short', '..%2f..%2fidentify'])('that is not there is not found: %s', async (hash) => {
    expect(await on.request(null, 'GET', `/api/v1/public/logos/${hash}`)).toMatchObject({ status: 404 })
  })
})

describe('an invitation that somebody has the link of', () => {
  const path = (token: string) => `/api/v1/public/invitations/${token}`

  test('says who invites to what, and how that looks', async () => {
    const client = on.client(on.acme.key)
    const { id: teamId } = await client.createTeam({ body: { name: 'Support' } })
    const { id, token, expiresAt } = await client.createInvitation({
      body: { email: 'ada@example.com', roles: ['viewer'], teams: [{ id: teamId, roles: ['operator'] }] },
    })
    const invitation = {
      tenantName: 'acme',
      email: 'ada@example.com',
      roles: ['viewer'],
      teams: [{ name: 'Support', roles: ['operator'] }],
      invitedBy: null,
      status: 'pending',
      expiresAt,
      brand: known,
    }
    expect(await on.request(null, 'GET', path(token))).toMatchObject({ status: 200, body: invitation })
    await client.revokeInvitation({ params: { id } })
    expect(await on.request(null, 'GET', path(token))).toMatchObject({ body: { ...invitation, status: 'revoked' } })
    expect(on.logs.filter((line) => line.includes('"msg":"request"')).join('')).not.toContain(token)
  })

  test('names the person who sent it', async () => {
    const ada = on.tokenFor({ subject: 'ada', email: 'boss@example.com', emailVerified: true, name: 'Ada' })
    const { token } = await on
      .client(on.acme.key)
      .createInvitation({ body: { email: 'boss@example.com', roles: ['owner'] } })
    await on.client(ada).acceptInvitation({ body: { token } })
    const sent = await on.client(ada).createInvitation({ body: { email: 'new@example.com', roles: ['viewer'] } })
    expect(await on.request(null, 'GET', path(sent.token))).toMatchObject({ body: { invitedBy: 'Ada' } })
  })

  test('is not found where there is none, or its tenant is suspended', async () => {
    expect(await on.request(null, 'GET', path('no-token'))).toMatchObject({ status: 404 })
    const initech = await on.createTenant('initech')
    const { token } = await on
      .client(initech.key)
      .createInvitation({ body: { email: 'a@example.com', roles: ['viewer'] } })
    expect(await on.request(null, 'GET', path(token))).toMatchObject({ status: 200 })
    await on.client(on.operatorKey).suspendTenant({ params: { id: initech.id } })
    expect(await on.request(null, 'GET', path(token))).toMatchObject({ status: 404 })
  })
})

test('nobody but the gateway asks the api for it', async () => {
  for (const asked of [
    '/internal/branding?host=a.example',
    `/internal/logos/${'0'.repeat(64)}`,
    '/internal/sign-in',
    '/internal/invitations/a',
  ]) {
    expect((await on.apiFetch(new Request(`http://api${asked}`))).status).toBe(401)
  }
})

test('no tenant can have the host of the installation', async () => {
  const claim = on.client(on.globex.key).claimHost({ body: { host: 'Freehold.example.com' } })
  await expect(claim).rejects.toMatchObject({ code: 'invalid_request' })
})
