import { buildOpenApiDocument } from '@freehold/contracts'
import type { TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeOperations } from '../described-operations.fixture.ts'
import type { Owner } from '../sign-in/owner.ts'
import { createSignInPlatform, openBrowser } from '../sign-in/sign-in.fixture.ts'

let on: TestPlatform
let owner: Owner
let close: () => Promise<void>

beforeAll(async () => {
  ;({ on, owner, close } = await createSignInPlatform())
})

afterAll(() => close())

const described = describeOperations(buildOpenApiDocument('test'))
const id = '01980000-0000-7000-8000-000000000000'
const keyFor = (permission: string | undefined) => (permission?.startsWith('platform:') ? on.operatorKey : on.acme.key)
const nul = 'a\0b'

describe('a NUL character, which the database stores in no text, is refused', () => {
  test.each(described.filter(({ params }) => params.length > 0))('in the path of $id', async (operation) => {
    const { path, method, permission, hasBody } = operation
    const asked = path.replace(/\{\w+\}/g, '%00')
    const answer = await on.request(keyFor(permission), method, asked, hasBody ? {} : undefined)
    expect(answer, answer.text).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test.each(described.filter(({ query }) => query.length > 0))('in the query of $id', async (operation) => {
    const { path, method, permission, hasBody, query } = operation
    const asked = path
      .replace('{environment}', 'production')
      .replace('{id}', id)
      .replace(/\{\w+\}/g, 'assistant')
    for (const name of query) {
      const url = `${asked}?${name}=%00`
      const answer = await on.request(keyFor(permission), method, url, hasBody ? {} : undefined)
      expect(answer, `${url}: ${answer.text}`).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    }
  })

  test.each(['/api/v1/public/invitations/%00', '/api/v1/%00', '/api/v1/%00/more'])('in %s', async (path) => {
    const answer = await on.request(on.acme.key, 'GET', path)
    expect(answer, answer.text).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test.each(['/agui/%00', '/agui/%00/connect'])('in %s', async (path) => {
    const answer = await on.request(on.acme.key, 'POST', path, {})
    expect(answer, answer.text).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test.each([
    ['update-user', { name: nul }],
    ['update-user', { image: nul }],
    ['revoke-session', { token: nul }],
    ['reset-password', { token: nul, newPassword: 'correct horse battery' }],
    ['reset-password?token=%00', { newPassword: 'correct horse battery' }],
    ['sign-in/email', { email: 'ada@example.com', password: nul }],
    ['passkey/delete-passkey', { id: nul }],
    ['two-factor/verify-totp', { code: nul }],
  ])('in what is sent to /auth/%s: %o', async (path, body) => {
    const browser = openBrowser(on)
    expect(await browser.send('POST', '/auth/sign-in/email', owner)).toMatchObject({ status: 200 })
    const answer = await browser.send('POST', `/auth/${path}`, body)
    expect(answer, answer.text).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
    expect(answer.text).toContain('NUL')
  })

  test.each(['verify-email?token=%00', 'callback/works?code=a&state=%00'])('in the link /auth/%s', async (path) => {
    const answer = await openBrowser(on).send('GET', `/auth/${path}`)
    expect(answer, answer.text).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
  })
})
