import { describe, expect, test } from 'vitest'
import { maskSecrets, maskUrl } from './mask-secrets.ts'

const key = 'a1B2c3D4e5F6g7H8i9J0k1L2'

describe('what is masked', () => {
  test.each([
    ['a field named so', { clientSecret: 'x', nested: [{ api_key: 'y', Authorization: 'z' }] }],
    ['a list under such a name', { passwords: ['x', 'y'] }],
    ['what such a field holds', { password: { current: 'x', former: ['y', 'z'] } }],
    ['a tenant key in a text', `use fht_${key} for it`],
    ['a key of a provider', `sk-proj-${key}`],
    ['a signing secret', `whsec_${key}=`],
    ['a token of a code host', `ghp_${key}`],
    ['a bearer token', `Authorization: Bearer ${key}`],
    ['a JSON Web Token', `eyJhbGciOi.${key}.${key}`],
    ['a password in a URL', `postgres://ann:${key}@db.internal/app`],
  ])('%s', (_, value) => {
    const text = JSON.stringify(maskSecrets(value))
    expect(text).toContain('[masked]')
    for (const secret of [key, '"x"', '"y"', '"z"']) expect(text).not.toContain(secret)
  })

  test('all of a URL behind its origin', () => {
    expect(maskUrl(`https://ann:pw@hooks.example.com:8443/services/${key}?token=${key}`)).toBe(
      'https://hooks.example.com:8443/[masked]',
    )
  })
})

test.each([
  {
    secret: null,
    passwordSet: true,
    perToken: { input: 3 },
    tokenLimit: 5_000_000,
    inputNanosPerToken: 150,
    assumedPrice: null,
  },
  { name: 'task-force-for-everything-else', scopes: ['keys:write', 'runs:start'] },
  { message: 'The secret of https://example.com/a@b is no password.', at: '2026-01-01T00:00:00.000Z' },
])('%j stays as it is', (value) => {
  expect(maskSecrets(value)).toEqual(value)
})
