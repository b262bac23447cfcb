import type { TenantPermission } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

let on: TestPlatform

beforeAll(async () => {
  on = await createTestPlatform()
})

afterAll(() => on.close())

function post(key: string, content: string) {
  const input = { threadId: 't', runId: 'r', messages: [{ id: '1', role: 'user', content }] }
  return on.request(key, 'POST', '/agui/assistant', { ...input, state: {}, tools: [], context: [], forwardedProps: {} })
}

const countRuns = () => on.asSuperuser('select count(*)::int from agent_runs')

test.each<TenantPermission>(['runs:start', 'runs:read'])(
  'a key with %s only is refused, and no run is made',
  async (scope) => {
    const { apiKey } = await on.client(on.acme.key).createKey({ body: { name: scope, scopes: [scope] } })
    expect(await post(apiKey, 'hello')).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
    expect(await countRuns()).toEqual([{ count: 0 }])
  },
)

test.each([
  ['without text', ''],
  ['longer than REST takes it', 'a'.repeat(200_001)],
])('a message %s is refused, and no run is made', async (_, content) => {
  expect(await post(on.acme.key, content)).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', detail: expect.stringContaining('body.messages') },
  })
  expect(await countRuns()).toEqual([{ count: 0 }])
})

test('a conversation without an id is refused', async () => {
  expect(await on.request(on.acme.key, 'POST', '/agui/assistant/connect', { runId: 'r' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', detail: expect.stringContaining('body.threadId') },
  })
})
