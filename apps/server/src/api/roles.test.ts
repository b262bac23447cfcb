import type { TenantRole } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

let on: TestPlatform

beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const makeKey = (maker: string, roles: TenantRole[]) => on.client(maker).createKey({ body: { name: 'made', roles } })

test("a tenant's first key is an owner, and its roles reach the verbs", async () => {
  expect((await on.client(on.acme.key).whoami()).roles).toEqual(['owner'])
})

test('an owner gives every role, anyone else those they have; a key has none by itself', async () => {
  const admin = await makeKey(on.acme.key, ['admin', 'viewer'])
  expect(admin.roles).toEqual(['admin', 'viewer'])
  expect((await makeKey(admin.apiKey, ['viewer'])).roles).toEqual(['viewer'])
  await expect(makeKey(admin.apiKey, ['viewer', 'owner'])).rejects.toMatchObject({
    code: 'permission_denied',
    message: expect.stringContaining('owner'),
  })
  const plain = await on.client(on.acme.key).createKey({ body: { name: 'plain' } })
  expect(plain.roles).toEqual([])
  await expect(makeKey(plain.apiKey, ['viewer'])).rejects.toMatchObject({ code: 'permission_denied' })
})

test('the operator gives a key of a tenant any role', async () => {
  const body = { name: 'issued', roles: ['operator' as const] }
  const { apiKey } = await on.client(on.operatorKey).issueTenantKey({ params: { id: on.acme.id }, body })
  expect((await on.client(apiKey).whoami()).roles).toEqual(['operator'])
})

test('a role that there is not is refused', async () => {
  const answer = await on.request(on.acme.key, 'POST', '/api/v1/keys', { name: 'bad', roles: ['king'] })
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
})
