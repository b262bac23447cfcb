import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'

const good = { issuer: 'https://id.example.com', audience: 'freehold' }
const read = (issuers: unknown) => readConfig({ FREEHOLD_ISSUERS: JSON.stringify(issuers) }, 'api').issuers
const mapsTenants = { claims: { tenant: 'org', roles: 'groups' }, tenants: 'any' }

test('an issuer needs no more than its name and our audience there', () => {
  expect(read([good])).toMatchObject([{ ...good, audience: ['freehold'], ownerFromClaim: false }])
  expect(read([good])[0]?.algorithms).not.toContain('HS256')
  expect(readConfig({}, 'api').issuers).toEqual([])
})

test('issuers can be in a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'freehold-issuers-'))
  const path = join(folder, 'issuers.json')
  await writeFile(path, JSON.stringify([good]))
  expect(readConfig({ FREEHOLD_ISSUERS_FILE: path }, 'api').issuers).toHaveLength(1)
  const both = { FREEHOLD_ISSUERS_FILE: path, FREEHOLD_ISSUERS: '[]' }
  expect(() => readConfig(both, 'api')).toThrow('FREEHOLD_ISSUERS: give it or FREEHOLD_ISSUERS_FILE, and not both')
  await rm(folder, { recursive: true })
  expect(() => readConfig({ FREEHOLD_ISSUERS_FILE: path }, 'api')).toThrow('FREEHOLD_ISSUERS_FILE: ENOENT')
})

test.each(['http://localhost:8080', 'http://127.0.0.1:8080/realms/a', 'http://[::1]:8080', 'https://id.example.com/'])(
  '%s may be an issuer',
  (issuer) => {
    expect(read([{ ...good, issuer }])).toHaveLength(1)
  },
)

test.each([
  ['no list', good, ''],
  ['plain HTTP', [{ ...good, issuer: 'http://id.example.com' }], '0.issuer: must begin with https://'],
  [
    'a host that only looks like this one',
    [{ ...good, issuer: 'http://127.0.0.1.example.com' }],
    '0.issuer: must begin',
  ],
  ['a file', [{ ...good, issuer: 'file:///etc/passwd' }], '0.issuer: must begin with https://'],
  ['no URL', [{ ...good, issuer: 'id.example.com' }], '0.issuer: must be a URL'],
  ['a query', [{ ...good, issuer: 'https://id.example.com?a=b' }], '0.issuer: must have no user, query or fragment'],
  ['keys over plain HTTP', [{ ...good, jwksUrl: 'http://id.example.com/keys' }], '0.jwksUrl: must begin with https://'],
  ['no audience', [{ issuer: good.issuer }], '0.audience'],
  ['an empty audience', [{ ...good, audience: [] }], '0.audience'],
  ['a symmetric algorithm', [{ ...good, algorithms: ['RS256', 'HS256'] }], '0.algorithms.1: must be asymmetric'],
  ['no algorithm', [{ ...good, algorithms: ['none'] }], '0.algorithms.0: must be asymmetric'],
  ['a word that means nothing', [{ ...good, audiance: 'x' }], '0: there is no field "audiance"'],
  ['an issuer twice', [good, good], '1.issuer: is listed twice'],
  ['a role that does not exist', [{ ...good, ...mapsTenants, rolesMap: { a: 'god' } }], '0.rolesMap.a'],
  ['owners by surprise', [{ ...good, ...mapsTenants, rolesMap: { a: ['owner'] } }], '0.ownerFromClaim: must be true'],
  ['every tenant by surprise', [{ ...good, ...mapsTenants, tenants: undefined }], '0.tenants: list the tenants'],
  ['tenants without roles', [{ ...good, tenant: 'acme' }], '0.claims.roles: give it or defaultRoles'],
  ['roles without tenants', [{ ...good, defaultRoles: ['viewer'] }], '0.claims.tenant: give it or tenant'],
  ['one tenant and many', [{ ...good, ...mapsTenants, tenant: 'acme' }], '0.tenant: is for an issuer of one tenant'],
])('a configuration with %s is refused', (_, issuers, problem) => {
  expect(() => read(issuers)).toThrow(`FREEHOLD_ISSUERS: ${problem}`)
})

test('every problem is told at once', () => {
  const issuers = [
    { ...good, issuer: 'http://a.example.com' },
    { ...good, algorithms: ['HS256'] },
  ]
  const refused = () => readConfig({ FREEHOLD_ISSUERS: JSON.stringify(issuers), PORT: 'x' }, 'api')
  expect(refused).toThrow(/PORT: [\s\S]*0\.issuer: [\s\S]*1\.algorithms\.0: /)
  expect(() => readConfig({ FREEHOLD_ISSUERS: '[{' }, 'api')).toThrow('FREEHOLD_ISSUERS: must be JSON')
})
