import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

let on: TestPlatform

beforeAll(async () => {
  on = await createTestPlatform()
})

afterAll(() => on.close())

const detail = (text: string) => ({
  status: 403,
  body: { code: 'permission_denied', detail: expect.stringContaining(text) },
})

test('who belongs to no tenant yet is told so, and who belongs to several is told to choose', async () => {
  const email = 'ada@example.com'
  const token = on.tokenFor({ subject: 'ada', email })
  const ask = () => on.request(token, 'GET', '/api/v1/agents')
  expect(await ask()).toMatchObject(detail('You belong to no tenant yet: it takes an invitation'))
  for (const { key } of [on.acme, on.globex]) {
    const invitation = await on.client(key).createInvitation({ body: { email, roles: ['viewer'] } })
    await on
      .client(on.tokenFor({ subject: 'ada', email, name: key }))
      .acceptInvitation({ body: { token: invitation.token } })
  }
  expect(await ask()).toMatchObject(detail('X-Tenant-Id'))
})
