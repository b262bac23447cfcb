import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { findOrigins } from './origins.ts'

const bad: [what: string, env: Record<string, string>, problem: string][] = [
  [
    'a public URL with a path',
    { FREEHOLD_PUBLIC_URL: 'https://example.com/here' },
    'FREEHOLD_PUBLIC_URL: must be an origin',
  ],
  ['a public URL that is none', { FREEHOLD_PUBLIC_URL: 'example.com' }, 'FREEHOLD_PUBLIC_URL'],
  ['an owner without an address', { FREEHOLD_OWNER_EMAIL: 'owner' }, 'FREEHOLD_OWNER_EMAIL'],
  ['half of Google', { FREEHOLD_GOOGLE_CLIENT_ID: 'id' }, 'needs FREEHOLD_GOOGLE_CLIENT_SECRET'],
  ['a provider without its settings', { FREEHOLD_OIDC_PROVIDERS: 'my-idp' }, 'FREEHOLD_OIDC_MY_IDP_ISSUER'],
  ['a provider whose name is taken', { FREEHOLD_OIDC_PROVIDERS: 'google' }, `"google" can't be a name`],
  ['a mail server without a sender', { FREEHOLD_SMTP_URL: 'smtp://localhost' }, 'FREEHOLD_MAIL_FROM'],
]

test.each(bad)('%s is refused', (_, env, problem) => {
  expect(() => readConfig(env, 'all')).toThrow(problem)
})

test('a secret of a provider is not shown', () => {
  const prefix = 'FREEHOLD_OIDC_IDP_'
  const config = readConfig(
    {
      FREEHOLD_OIDC_PROVIDERS: 'idp',
      [`${prefix}ISSUER`]: 'https://idp.example.com',
      [`${prefix}CLIENT_ID`]: 'an id',
      [`${prefix}CLIENT_SECRET`]: 'a secret',
    },
    'all',
  )
  expect(config.signIn.oidc).toMatchObject([{ id: 'idp', name: 'idp', clientId: 'an id' }])
  expect(JSON.stringify(config)).not.toContain('a secret')
})

test('pages of the public URL and of listed origins are trusted, and no others', () => {
  const cors = { FREEHOLD_CORS_ORIGINS: 'https://app.example.com' }
  const given = readConfig({ FREEHOLD_PUBLIC_URL: 'https://freehold.example.com/', ...cors }, 'all')
  expect(findOrigins(given, 'http://127.0.0.1:3000')).toEqual({
    publicUrl: 'https://freehold.example.com',
    trustedOrigins: ['https://freehold.example.com', 'https://app.example.com'],
  })
  expect(findOrigins(readConfig({}, 'all'), 'http://127.0.0.1:4000')).toEqual({
    publicUrl: 'http://localhost:4000',
    trustedOrigins: ['http://localhost:4000', 'http://127.0.0.1:4000'],
  })
})
