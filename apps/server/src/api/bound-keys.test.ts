import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

let on: TestPlatform
let staging: string
let inProduction: string

const params = { name: 'assistant' }

beforeAll(async () => {
  on = await createTestPlatform()
  const client = on.client(on.acme.key)
  staging = (await client.createKey({ body: { name: 'ci', environment: 'staging' } })).apiKey
  inProduction = (await client.startRun({ params, body: { message: 'secret', threadId: 'a-talk' } })).id
})
afterAll(() => on.close())

it('a bound key has the permissions that can be confined, and gets no others', async () => {
  expect(await on.client(staging).whoami()).toMatchObject({
    environment: 'staging',
    permissions: ['agents:read', 'runs:read', 'runs:start', 'runs:control', 'services:call'],
  })
  const more = { name: 'more', environment: 'staging', scopes: ['runs:start', 'usage:read'] }
  expect(await on.request(on.acme.key, 'POST', '/api/v1/keys', more)).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining("can't have usage:read") },
  })
})

it('starts runs in its environment only, and says where it may', async () => {
  const client = on.client(staging)
  expect(await client.startRun({ params, body: { message: 'hi', environment: 'staging' } })).toMatchObject({
    environment: 'staging',
  })
  await expect(client.startRun({ params, body: { message: 'hi' } })).rejects.toMatchObject({
    code: 'permission_denied',
    message: 'This key is bound to staging. Send "environment": "staging", or use a key for production.',
  })
})

it('starts none in a conversation of another environment, which would tell what was said there', async () => {
  const body = { message: 'what was said?', environment: 'staging', threadId: 'a-talk' } as const
  await expect(on.client(staging).startRun({ params, body })).rejects.toMatchObject({
    code: 'permission_denied',
    message: expect.stringContaining('belongs to another environment'),
  })
})

it('neither sees nor controls runs of another environment', async () => {
  const client = on.client(staging)
  const own = await client.startRun({ params, body: { message: 'mine', environment: 'staging' } })
  const { items } = await client.listRuns()
  expect(items.map(({ environment }) => environment)).toEqual(items.map(() => 'staging'))
  expect(items.map(({ id }) => id)).toContain(own.id)
  const id = { params: { id: inProduction } }
  const attempts = [
    () => client.getRun(id),
    () => client.listRunEvents(id),
    () => client.cancelRun(id),
    () => client.redriveRun(id),
    () => client.decideRun({ ...id, body: { step: 'tool:1', decision: 'retry' } }),
  ]
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'not_found' })
  const stream = await on.request(staging, 'GET', `/api/v1/runs/${inProduction}/events`, undefined, {
    accept: 'text/event-stream',
  })
  expect(stream.status).toBe(404)
  await expect(client.redriveRuns({ body: {} })).rejects.toMatchObject({ code: 'permission_denied' })
  expect(await client.cancelRun({ params: { id: own.id } })).toMatchObject({ status: 'cancelled' })
  expect(await on.client(on.acme.key).getRun(id)).toMatchObject({ status: 'queued' })
})

it('neither starts nor joins runs of another environment over AG-UI', async () => {
  const post = (runId: string, environment: string) =>
    on.request(staging, 'POST', '/agui/assistant', {
      threadId: `thread-${runId}`,
      runId,
      messages: [{ id: 'm1', role: 'user', content: 'hi' }],
      state: {},
      tools: [],
      context: [],
      forwardedProps: { environment },
    })
  expect(await post('one', 'production')).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
})
