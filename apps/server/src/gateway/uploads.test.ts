import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

let on: TestPlatform

beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const twoMegabytes = new Uint8Array(2 * 1024 * 1024)

test('an operation that takes an upload takes more than other requests have, up to its own limit', async () => {
  const upload = (headers?: Record<string, string>) =>
    on.request(on.operatorKey, 'POST', '/api/v1/tenants/import', twoMegabytes, headers)
  const refused = { status: 413, body: { code: 'payload_too_large' } }
  expect(await upload()).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('not a whole gzipped') },
  })
  expect(await upload({ 'content-length': String(5 * 1024 ** 3) })).toMatchObject(refused)
  for (const [method, path] of [
    ['POST', '/api/v1/agents'],
    ['PUT', '/api/v1/tenants/import'],
    ['POST', '/api/v1/tenants/import/'],
  ] as const) {
    expect(await on.request(on.operatorKey, method, path, twoMegabytes), path).toMatchObject(refused)
  }
})

test('nobody else uploads anything', async () => {
  for (const key of [on.acme.key, null]) {
    const answer = await on.request(key, 'POST', '/api/v1/tenants/import', twoMegabytes)
    expect(answer.status).toBe(key === null ? 401 : 403)
  }
})
