import { readFile, rm } from 'node:fs/promises'
import { createClient } from '@freehold/contracts'
import { createDataFolder, readResponse } from '@freehold/testkit'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { credentialsPath, readConfig } from '../src/config.ts'
import { type RunningServer, serve } from '../src/serve.ts'
import { startOidcProvider, type TestProvider } from '../src/tokens/oidc-provider.fixture.ts'

const audience = 'https://freehold.example.com'
const stops = new AsyncDisposableStack()
let server: RunningServer
let keys: Record<'acme' | 'globex', string>
/** One whose people join by invitation, one that says what they are members of, and one that verifies no address. */
let plain: TestProvider
let company: TestProvider
let careless: TestProvider

beforeAll(async () => {
  plain = stops.use(await startOidcProvider({ audience }))
  company = stops.use(
    await startOidcProvider({ audience, claims: { orgs: ['org_a', 'org_g', 'org_x'], groups: ['builders', 'owner'] } }),
  )
  careless = stops.use(await startOidcProvider({ audience, claims: { email_verified: false } }))
  const issuers = [
    { issuer: plain.issuer, audience },
    {
      issuer: company.issuer,
      audience,
      claims: { tenant: 'orgs', roles: 'groups' },
      tenants: { org_a: 'acme', org_g: 'globex' },
      rolesMap: { builders: ['builder', 'viewer'] },
    },
    { issuer: careless.issuer, audience },
  ]
  const dataDir = await createDataFolder()
  stops.defer(() => rm(dataDir, { recursive: true, force: true }))
  const settings = { FREEHOLD_DATA_DIR: dataDir, FREEHOLD_DASHBOARD: 'off', FREEHOLD_SHUTDOWN_GRACE_MS: '0', PORT: '0' }
  const config = readConfig({ ...settings, FREEHOLD_ISSUERS: JSON.stringify(issuers) }, 'all')
  server = await serve(config, pino({ level: 'silent' }), () => {})
  stops.defer(() => server.stop())
  const { tenants } = JSON.parse(await readFile(credentialsPath(dataDir), 'utf8'))
  keys = { acme: tenants.acme.apiKey, globex: tenants.globex.apiKey }
})
afterAll(() => stops.disposeAsync())

const ask = (token: string, path: string, tenant?: string) =>
  fetch(`${server.url}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${token}`, ...(tenant && { 'x-tenant-id': tenant }) },
  }).then(readResponse)

const clientOf = (credential: string) => createClient({ url: server.url ?? '', apiKey: credential })
const inviteTo = (tenant: 'acme' | 'globex', email: string) =>
  clientOf(keys[tenant]).createInvitation({ body: { email, roles: ['viewer'] } })

describe('a person with a token of a configured issuer', () => {
  test('is known, and refused with what to do until they belong to a tenant', async () => {
    const { accessToken } = await plain.signIn('newcomer')
    const { body } = await ask(accessToken, 'whoami')
    expect(body).toMatchObject({ actor: { kind: 'person', name: 'newcomer' }, tenant: null, memberships: [] })
    const refused = await ask(accessToken, 'whoami', 'acme')
    expect(refused).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
    expect(refused.text).toContain('Ask for an invitation')
    expect((await ask(accessToken, 'agents')).status).toBe(403)
  })

  test('joins by invitation, and works there with the roles of it', async () => {
    const { accessToken } = await plain.signIn('alice')
    const { token } = await inviteTo('acme', 'alice@example.com')
    await clientOf(accessToken).acceptInvitation({ body: { token } })
    expect((await ask(accessToken, 'whoami')).body).toMatchObject({ tenant: { name: 'acme' }, roles: ['viewer'] })
    expect((await ask(accessToken, 'agents', 'acme')).status).toBe(200)
    expect((await ask(accessToken, 'agents', 'globex')).status).toBe(403)
  })

  test('is in the tenants that its claims name, and chooses among them', async () => {
    const { accessToken } = await company.signIn('bob')
    for (const tenant of ['acme', 'globex']) {
      const { body } = await ask(accessToken, 'whoami', tenant)
      expect(body).toMatchObject({ tenant: { name: tenant }, roles: ['builder', 'viewer'] })
    }
    const { detail } = (await ask(accessToken, 'agents')).body as { detail: string }
    expect(detail).toContain('X-Tenant-Id')
  })

  test('accepts no invitation with an address that nobody verified', async () => {
    const { accessToken } = await careless.signIn('mallory')
    const { token } = await inviteTo('acme', 'mallory@example.com')
    const accepting = clientOf(accessToken).acceptInvitation({ body: { token } })
    await expect(accepting).rejects.toMatchObject({ code: 'not_found' })
    expect((await ask(accessToken, 'whoami')).body).toMatchObject({ memberships: [] })
  })
})

test('a token that is not good is refused at the gateway, with the check that failed', async () => {
  const { accessToken, idToken } = await plain.signIn('alice')
  const [header, payload] = accessToken.split('.')
  for (const [token, why] of [
    [`${header}.${payload}.${'A'.repeat(342)}`, 'its signature is none of its issuer'],
    [idToken, 'it is for another audience'],
  ] as const) {
    const answer = await ask(token, 'whoami')
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(answer.text).toContain(why)
  }
})
