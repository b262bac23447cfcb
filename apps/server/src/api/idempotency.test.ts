import { randomUUID } from 'node:crypto'
import { createClient, FreeholdError, type Operation, type OperationId, operations } from '@freehold/contracts'
import {
  createTestPlatform,
  furnishTenant,
  type Ground,
  sampleRequests,
  type TestPlatform,
  type TestResponse,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

let on: TestPlatform
let ground: Ground

beforeAll(async () => {
  on = await createTestPlatform({ corsOrigins: ['https://dashboard.example.com'] })
  ground = await furnishTenant(on, on.acme)
})

afterAll(() => on.close())

const posts = Object.entries<Operation>(operations)
  // `operations` and its entries' names come from one object.
  .map(([id, operation]) => ({ id: id as OperationId, operation }))
  .filter(({ operation }) => operation.method === 'post')
const creating = posts.filter(({ operation }) => operation.idempotency)

interface Change {
  params?: Record<string, string>
  apiKey?: string
}

/** Sends the sample request of an operation with an idempotency key. */
function send(id: OperationId, key: string, body: unknown, change: Change = {}): Promise<TestResponse> {
  const operation: Operation = operations[id]
  const params = { ...sampleRequests[id]?.params?.(ground), ...change.params }
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')
  const keys: Record<string, string> = { 'platform:support': ground.support, 'platform:tenants:write': on.operatorKey }
  const ownKey = keys[operation.permission ?? ''] ?? on.acme.key
  return on.request(change.apiKey ?? ownKey, 'POST', `/api/v1${path}`, body, { 'idempotency-key': key })
}

const runsPath = '/api/v1/agents/assistant/runs'
const startRun = (key: string, message: string, apiKey = on.acme.key) =>
  on.request(apiKey, 'POST', runsPath, { message }, { 'idempotency-key': key })
const idOf = (answer: TestResponse) => z.object({ id: z.string() }).parse(answer.body).id
const countRuns = async (message: string) =>
  (await on.asSuperuser('select 1 from agent_runs where message = $1', [message])).length

test('every POST creates and takes a key, or changes what is there and needs none', () => {
  expect(posts.filter(({ operation }) => !operation.idempotency).map(({ id }) => id)).toEqual([
    'applyTenant',
    'suspendTenant',
    'resumeTenant',
    'importTenant',
    'deleteTenant',
    'verifyHost',
    'promoteRelease',
    'rollBackRelease',
    'decideReleaseRequest',
    'cancelRun',
    'redriveRun',
    'redriveRuns',
    'decideRun',
    'evaluateFlag',
    'decideApproval',
    'pruneAudit',
    'acceptInvitation',
    'rotateDataKey',
    'rewrapKeys',
    'checkService',
  ])
})

describe.each(creating)('$id with an idempotency key', ({ id, operation }) => {
  const body = () => sampleRequests[id]?.body?.(ground) ?? {}

  test('answers the same when it is sent again, also at once', async () => {
    const asked = body()
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => send(id, 'sent-again', asked)))
    for (const answer of [...others, await send(id, 'sent-again', asked)]) {
      expect(answer.status).toBe(operation.status)
      expect(answer.body).toEqual(first?.body)
    }
  })

  test('is refused when it asks for something else', async () => {
    await send(id, 'reused', body())
    const asksForMore = 'body' in operation
    const other = { ...body(), ...(asksForMore && differenceOf(id)) }
    const elsewhere = asksForMore ? {} : { params: { id: randomUUID() } }
    expect(await send(id, 'reused', other, elsewhere)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
  })

  test('is described to clients', async () => {
    const { body: document } = await on.request(null, 'GET', '/api/v1/openapi.json')
    const described = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.looseObject({ parameters: z.unknown() }))) })
      .parse(document).paths[`/api/v1${operation.path}`]?.post
    expect(described).toMatchObject({
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'Idempotency-Key', in: 'header' })]),
      responses: expect.objectContaining({ 422: expect.anything() }),
    })
  })
})

/** What makes the body of an operation another one. */
function differenceOf(id: OperationId): Record<string, string> {
  if (id === 'startRun') return { message: 'another' }
  if (id === 'startSupport') return { reason: 'another' }
  if (id === 'createInvitation') return { email: 'another@example.com' }
  return id === 'createAgentVersion' || id === 'createWebhook' ? { description: 'another' } : { name: 'another' }
}

describe('a run that is started with a key', () => {
  test('is the same run for every key of the tenant, and for another tenant its own', async () => {
    const { apiKey } = await on.client(on.acme.key).createKey({ body: { name: 'a second one' } })
    const first = await startRun('per-tenant', 'per tenant')
    expect(idOf(await startRun('per-tenant', 'per tenant', apiKey))).toBe(idOf(first))
    expect(idOf(await startRun('per-tenant', 'per tenant', on.globex.key))).not.toBe(idOf(first))
  })

  test('is shown as it is by now, however long the answer may wait', async () => {
    const run = idOf(await startRun('shown', 'shown'))
    await on.client(on.acme.key).cancelRun({ params: { id: run } })
    const headers = { 'idempotency-key': 'shown' }
    const again = await on.request(on.acme.key, 'POST', `${runsPath}?wait=5`, { message: 'shown' }, headers)
    expect(again).toMatchObject({ status: 202, body: { id: run, status: 'cancelled' } })
  })

  test('is the same request in whatever order its fields come', async () => {
    const [message, user, headers] = ['in order', 'ann', { 'idempotency-key': 'in-order' }]
    const metadata = { a: '1', b: '2' }
    const first = await on.request(on.acme.key, 'POST', runsPath, { message, user, metadata }, headers)
    const reordered = { metadata: { b: '2', a: '1' }, user, message }
    expect(idOf(await on.request(on.acme.key, 'POST', runsPath, reordered, headers))).toBe(idOf(first))
  })

  test('of another agent is another request', async () => {
    await startRun('per-agent', 'per agent')
    expect(await send('startRun', 'per-agent', { message: 'per agent' })).toMatchObject({ status: 422 })
  })
})

describe('an answer that shows a secret', () => {
  test('is for the caller that asked first: another key of the tenant does not get it', async () => {
    const client = on.client(on.acme.key)
    const { apiKey } = await client.createKey({ body: { name: 'keys only', scopes: ['keys:write', 'keys:read'] } })
    const first = await send('createKey', 'whose', { name: 'mine' })
    const other = await send('createKey', 'whose', { name: 'mine' }, { apiKey })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
    expect(other.text).not.toContain(z.object({ apiKey: z.string() }).parse(first.body).apiKey)
  })

  test('of a tenant created more than 24 hours ago is gone, and its key creates no second tenant', async () => {
    const name = 'created-long-ago'
    const first = await send('createTenant', 'long-ago', { name })
    expect(first.status).toBe(201)
    await on.asSuperuser('update idempotency_keys set expires_at = now() where tenant_id = $1', [idOf(first)])
    for (const asked of [name, 'another-name']) {
      expect(await send('createTenant', 'long-ago', { name: asked })).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused', detail: expect.stringContaining('Send a new key') },
      })
    }
  })
})

describe('the header', () => {
  test.each(['', 'x'.repeat(256), 'a key', 'a, b', '"open', 'a"b', 'back\\slash', 'naïve', '""'])(
    '%j is refused, and nothing is created',
    async (key) => {
      const answer = await startRun(key, `refused ${key}`)
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      expect(await countRuns(`refused ${key}`)).toBe(0)
    },
  )

  test('takes 255 characters, and is the same key in quotes', async () => {
    const key = '~'.repeat(255)
    const first = await startRun(key, 'quoted')
    expect(first.status).toBe(202)
    expect(idOf(await startRun(`"${key}"`, 'quoted'))).toBe(idOf(first))
  })

  test('is ignored where nothing is created', async () => {
    const run = idOf(await startRun('to-cancel', 'to cancel'))
    const headers = { 'idempotency-key': 'not a good one' }
    expect(await on.request(on.acme.key, 'POST', `/api/v1/runs/${run}/cancel`, undefined, headers)).toMatchObject({
      status: 202,
    })
    expect(await on.request(on.acme.key, 'GET', `/api/v1/runs/${run}`, undefined, headers)).toMatchObject({
      status: 200,
    })
  })

  test('may come from another origin that is allowed', async () => {
    const { headers } = await on.request(null, 'OPTIONS', runsPath, undefined, {
      origin: 'https://dashboard.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'idempotency-key',
    })
    expect(headers.get('access-control-allow-headers')).toContain('idempotency-key')
  })
})

describe('the typed client', () => {
  /** A client whose requests arrive, but whose answers go through `lose` with the number of the request. */
  function clientThat(lose: (count: number, answer: Response) => Response) {
    const keys: (string | null)[] = []
    const client = createClient({
      url: 'http://gateway',
      apiKey: on.acme.key,
      fetch: async (input, init) => {
        const request = new Request(input, init)
        const count = keys.push(request.headers.get('idempotency-key'))
        return lose(count, await on.fetch(request))
      },
    })
    return { client, keys }
  }
  const start = (message: string, idempotencyKey?: string) => ({
    params: { name: 'assistant' },
    body: { message },
    ...(idempotencyKey && { idempotencyKey }),
  })
  const breakConnection = () => {
    throw new TypeError('fetch failed')
  }

  test('starts one run though the answer to the first request got lost', async () => {
    const { client, keys } = clientThat((count, answer) => (count === 1 ? breakConnection() : answer))
    const run = await client.startRun(start('lost answer'))
    expect(run.message).toBe('lost answer')
    expect(await countRuns('lost answer')).toBe(1)
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0]])
  })

  test('starts one run though a proxy told that the server was away', async () => {
    const { client } = clientThat((count, answer) =>
      count === 1 ? new Response('bad gateway', { status: 502 }) : answer,
    )
    await client.startRun(start('bad gateway'))
    expect(await countRuns('bad gateway')).toBe(1)
  })

  test('tries no third time, and neither repeats what was refused nor what creates nothing', async () => {
    const broken = clientThat(breakConnection)
    await expect(broken.client.startRun(start('broken'))).rejects.toThrow('fetch failed')
    await expect(broken.client.listRuns()).rejects.toThrow('fetch failed')
    expect(broken.keys).toEqual([expect.any(String), broken.keys[0], null])
    const refused = clientThat((_, answer) => answer)
    await expect(refused.client.createAgent({ body: { name: 'assistant' } })).rejects.toThrow(FreeholdError)
    expect(refused.keys).toHaveLength(1)
  })

  test('names a run by the key that it is given', async () => {
    const { client } = clientThat((_, answer) => answer)
    const [first, second] = [await client.startRun(start('named', 'k-1')), await client.startRun(start('named', 'k-1'))]
    expect(second.id).toBe(first.id)
    expect((await client.startRun(start('named'))).id).not.toBe(first.id)
  })
})
