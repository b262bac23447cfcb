import type { JWTPayload } from 'jose'
import { expect, test } from 'vitest'
import { readPerson } from './claims.ts'
import { parseIssuers } from './issuers.ts'

function read(terms: object, payload: JWTPayload) {
  const [issuer] = parseIssuers(JSON.stringify([{ issuer: 'https://id.example.com', audience: 'a', ...terms }]))
  if (!issuer) throw new Error('no issuer')
  return readPerson(issuer, 'sub', payload)
}

const byClaim = { claims: { tenant: 'org', roles: 'groups' }, tenants: 'any' }
const ofOne = { tenant: 'acme', claims: { roles: 'groups' } }

test.each([
  ['none when the issuer maps none', {}, { org: 'acme', groups: ['admin'] }, undefined],
  ['one tenant by name', byClaim, { org: 'acme', groups: ['admin'] }, [['acme', ['admin']]]],
  [
    'several tenants',
    byClaim,
    { org: ['a', 'b', 'a'], groups: 'viewer' },
    [
      ['a', ['viewer']],
      ['b', ['viewer']],
    ],
  ],
  [
    'no tenant that is not listed',
    { ...byClaim, tenants: ['acme'] },
    { org: ['acme', 'globex'], groups: 'viewer' },
    [['acme', ['viewer']]],
  ],
  [
    'a tenant by another name',
    { ...byClaim, tenants: { org_1: 'acme' } },
    { org: ['org_1', 'acme'], groups: 'viewer' },
    [['acme', ['viewer']]],
  ],
  [
    'no tenant that all objects have',
    { ...byClaim, tenants: { org_1: 'acme' } },
    { org: 'constructor', groups: 'viewer' },
    [],
  ],
  [
    'the one tenant of the issuer',
    ofOne,
    { org: 'globex', groups: ['builder', 'viewer'] },
    [['acme', ['builder', 'viewer']]],
  ],
  ['nothing without a role', ofOne, { groups: ['staff'] }, []],
  ['nothing without a claim', byClaim, {}, []],
  ['no owner', ofOne, { groups: ['owner', 'viewer'] }, [['acme', ['viewer']]]],
  ['an owner where that is allowed', { ...ofOne, ownerFromClaim: true }, { groups: ['owner'] }, [['acme', ['owner']]]],
  [
    'mapped roles only',
    { ...ofOne, rolesMap: { ops: ['operator', 'viewer'] } },
    { groups: ['ops', 'admin', '__proto__'] },
    [['acme', ['operator', 'viewer']]],
  ],
  ['default roles for who has no other', { ...ofOne, defaultRoles: ['viewer'] }, {}, [['acme', ['viewer']]]],
  [
    'roles inside of a claim',
    { ...ofOne, claims: { roles: 'realm_access.roles' } },
    { realm_access: { roles: ['admin'] } },
    [['acme', ['admin']]],
  ],
  [
    'roles under a name with dots',
    { ...ofOne, claims: { roles: 'https://a.example/roles' } },
    { 'https://a.example/roles': ['admin'] },
    [['acme', ['admin']]],
  ],
  [
    'roles at an exact path',
    { ...ofOne, claims: { roles: ['resource_access', 'a.b', 'roles'] } },
    { resource_access: { 'a.b': { roles: ['admin'] } } },
    [['acme', ['admin']]],
  ],
  ['no roles that are not text', ofOne, { groups: [1, null, { admin: true }] }, []],
])('memberships: %s', (_, terms, payload, expected) => {
  const { memberships } = read(terms, payload)
  expect(memberships?.map(({ tenant, roles }) => [tenant, roles])).toEqual(expected)
})

test.each([
  ['a verified address', {}, { email: 'a@example.com', email_verified: true }, ['a@example.com', true]],
  ['an address that nobody verified', {}, { email: 'a@example.com' }, ['a@example.com', false]],
  ['an address whose check failed', {}, { email: 'a@example.com', email_verified: 'false' }, ['a@example.com', false]],
  [
    'an address of an issuer that verifies all',
    { emailsAreVerified: true },
    { email: 'a@example.com' },
    ['a@example.com', true],
  ],
  ['no address', { emailsAreVerified: true }, { email: '' }, [null, false]],
  ['an address that is none', {}, { email: { a: 1 }, email_verified: true }, [null, false]],
  [
    'claims by other names',
    { claims: { email: 'mail', emailVerified: 'meta.ok' } },
    { mail: 'a@example.com', meta: { ok: true } },
    ['a@example.com', true],
  ],
])('%s', (_, terms, payload, expected) => {
  const { email, emailVerified } = read(terms, payload)
  expect([email, emailVerified]).toEqual(expected)
})
