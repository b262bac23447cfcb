import { describe, expect, test } from 'vitest'
import { leadingTo, ownPath } from './own-path.ts'

describe('where somebody goes after signing in', () => {
  test.each(['/', '/t/acme/runs?status=failed', '/invitations/a-token', '/t/a%2Fb#part', '/platform/new', '/account'])(
    'is the page that they asked for: %s',
    (path) => expect(ownPath(path)).toBe(path),
  )

  test.each([
    undefined,
    '',
    'runs',
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    ' //evil.example',
    'javascript:alert(1)',
    'data:text/html,hello',
    ['/a', '//evil.example'],
    '/@evil.example',
    '/api/v1/whoami',
    '/t/../api/v1/whoami',
    '/t/%2e%2e/auth/sign-out',
    '/teams',
    '/metrics',
  ])('is the start page for whatever could lead elsewhere, or is no page: %j', (path) =>
    expect(ownPath(path)).toBe('/'),
  )
})

test('a page that leads on keeps where to', () => {
  expect(leadingTo('/sign-up', '/invitations/a', { email: 'a+b@example.com' })).toBe(
    '/sign-up?next=%2Finvitations%2Fa&email=a%2Bb%40example.com',
  )
  expect(leadingTo('/sign-in', '/')).toBe('/sign-in')
})
