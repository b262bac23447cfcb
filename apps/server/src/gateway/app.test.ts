import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Operation, type OperationId, operationIds, operations } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform, type TestResponse, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { withinFiveSeconds } from './within-five-seconds.fixture.ts'

const origin = 'https://dashboard.example.com'
let on: TestPlatform

beforeAll(async () => {
  on = await createTestPlatform({ corsOrigins: [origin] })
})

afterAll(() => on.close())

const runs = '/api/v1/agents/assistant/runs'
const idOf = (response: TestResponse) => z.object({ id: z.string() }).parse(response.body).id

describe('every answer', () => {
  test.each(['/health', '/api/v1/docs', '/api/v1/agents', '/nothing'])(
    'of %s has the security headers',
    async (path) => {
      const { headers } = await on.request(null, 'GET', path)
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'referrer-policy': 'no-referrer',
        'strict-transport-security': expect.stringContaining('max-age='),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      expect(headers.has('x-powered-by')).toBe(false)
    },
  )

  test('has a request id: the one that was sent, when it is one', async () => {
    const ask = async (id: string) => {
      const { headers, body } = await on.request(null, 'GET', '/api/v1/agents', undefined, { 'x-request-id': id })
      return [headers.get('x-request-id'), z.object({ requestId: z.string() }).parse(body).requestId]
    }
    expect(await ask('a-request-of-mine')).toEqual(['a-request-of-mine', 'a-request-of-mine'])
    for (const id of ['', 'short', 'has spaces in it', 'x'.repeat(65), '{"level":60}']) {
      const [header, inBody] = await ask(id)
      expect(header).toMatch(/^[0-9a-f-]{36}$/)
      expect(inBody).toBe(header)
    }
  })

  test('keeps its request id in the logs of the gateway, the api and the worker', async () => {
    const headers = { 'x-request-id': 'followed-through' }
    await on.startWorker()
    const { body } = await on.request(on.acme.key, 'POST', `${runs}?wait=20`, { message: 'hello' }, headers)
    await on.stopWorker(10_000)
    expect(body).toMatchObject({ status: 'succeeded' })
    const lines = on.logs.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId === 'followed-through')
    expect(lines.filter(({ msg, path }) => msg === 'request' && path === runs)).toHaveLength(2)
    expect(lines.map(({ msg }) => msg)).toContain('run ended')
  })
})

describe('another origin', () => {
  const ask = (from: string) =>
    on.request(null, 'OPTIONS', '/api/v1/agents', undefined, {
      origin: from,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    })

  test('that is configured may send credentials', async () => {
    const { headers } = await ask(origin)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization')
    expect(headers.get('access-control-allow-credentials')).toBe('true')
  })

  test('may read the limits and the request id', async () => {
    const { headers } = await on.request(on.acme.key, 'GET', '/api/v1/whoami', undefined, { origin })
    const exposed = headers.get('access-control-expose-headers')?.toLowerCase().split(',')
    expect(exposed).toEqual(expect.arrayContaining(['ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id']))
  })

  test.each(['https://evil.example.com', 'null', `${origin}.evil.com`])('%s is not allowed', async (from) => {
    expect((await ask(from)).headers.has('access-control-allow-origin')).toBe(false)
  })
})

interface Bad {
  what: string
  method?: string
  path?: string
  body?: string | Uint8Array
  headers?: Record<string, string>
  status: number
  code: string
}

const cursorOf = (key: string) => Buffer.from(key).toString('base64url')
const json = { 'content-type': 'application/json' }
const badRequests: Bad[] = [
  { what: 'malformed JSON', body: '{"message": ', status: 400, code: 'invalid_request' },
  { what: 'JSON that is no object', body: '[]', status: 400, code: 'invalid_request' },
  { what: 'an empty body', body: '', status: 400, code: 'invalid_request' },
  { what: 'an unknown field', body: '{"message":"a","more":1}', status: 400, code: 'invalid_request' },
  { what: 'NUL in a string', body: '{"message":"a\\u0000b"}', status: 400, code: 'invalid_request' },
  { what: 'NUL in a key', body: '{"message":"a","metadata":{"a\\u0000":"b"}}', status: 400, code: 'invalid_request' },
  { what: 'half a surrogate pair', body: '{"message":"a\\ud800"}', status: 400, code: 'invalid_request' },
  {
    what: 'what is not UTF-8',
    body: Uint8Array.from(Buffer.from('{"message":"\xff"}', 'latin1')),
    status: 400,
    code: 'invalid_request',
  },
  { what: '__proto__', body: '{"message":"a","__proto__":{"admin":true}}', status: 400, code: 'invalid_request' },
  { what: 'very deep JSON', body: `{"message":${'['.repeat(300_000)}`, status: 400, code: 'invalid_request' },
  {
    what: 'very deep JSON that is well-formed',
    body: `{"message":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a body that is not JSON',
    body: 'message=a',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    what: 'text/plain',
    body: '{}',
    headers: { 'content-type': 'text/plain' },
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    what: 'a body above 1 MiB',
    body: `{"message":"${'a'.repeat(1024 * 1024)}"}`,
    status: 413,
    code: 'payload_too_large',
  },
  {
    what: 'a wait that is no number',
    path: `${runs}?wait=soon`,
    body: '{"message":"a"}',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a wait without end',
    path: `${runs}?wait=Infinity`,
    body: '{"message":"a"}',
    status: 400,
    code: 'invalid_request',
  },
  { what: 'an unknown parameter', method: 'GET', path: '/api/v1/runs?order=up', status: 400, code: 'invalid_request' },
  { what: 'a limit of 0', method: 'GET', path: '/api/v1/runs?limit=0', status: 400, code: 'invalid_request' },
  {
    what: 'a method that the path does not take',
    method: 'DELETE',
    path: '/api/v1/agents',
    status: 405,
    code: 'method_not_allowed',
  },
  {
    what: 'a method on a path with a parameter',
    method: 'PATCH',
    path: '/api/v1/runs/x',
    status: 405,
    code: 'method_not_allowed',
  },
  {
    what: 'a path of the api that does not exist',
    method: 'GET',
    path: '/api/v1/nothing',
    status: 404,
    code: 'not_found',
  },
  { what: 'a path that does not exist', method: 'GET', path: '/nothing', status: 404, code: 'not_found' },
  { what: 'a path with a broken escape', method: 'GET', path: '/api/v1/agents/%zz', status: 404, code: 'not_found' },
  { what: 'a path with NUL', method: 'GET', path: '/api/v1/agents/%00', status: 404, code: 'not_found' },
  { what: 'an id that is none', method: 'GET', path: "/api/v1/runs/'or'1", status: 404, code: 'not_found' },
  {
    what: 'an event number that is too high',
    method: 'GET',
    path: '/api/v1/runs/01980000-0000-7000-8000-000000000000/events?after=99999999999',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a version that is too high',
    method: 'PUT',
    path: '/api/v1/agents/assistant/releases/staging',
    body: '{"version":99999999999}',
    status: 400,
    code: 'invalid_request',
  },
]

describe('a request with', () => {
  test.each(badRequests)('$what is refused with $status', async ({ method, path, body, headers, status, code }) => {
    const answer = await on.request(
      on.acme.key,
      method ?? 'POST',
      path ?? runs,
      body,
      headers ?? (body === undefined ? {} : json),
    )
    expect(answer, answer.text).toMatchObject({ status, body: { status, code } })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  test('a stream of more than 1 MiB is refused with 413, though it told no length', async () => {
    const chunk = new Uint8Array(64 * 1024).fill(0x20)
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += 1
        if (sent > 40) controller.close()
        else controller.enqueue(chunk)
      },
    })
    const headers = { authorization: `Bearer ${on.acme.key}`, ...json }
    const response = await on.fetch(
      new Request(`http://gateway${runs}`, { method: 'POST', headers, body, duplex: 'half' }),
    )
    expect(response.status).toBe(413)
    await response.text()
  })

  test('several problems names each field', async () => {
    const { body } = await on.request(on.acme.key, 'POST', runs, { message: '', deadlineMs: -1, more: true })
    const { fields } = z.object({ fields: z.array(z.object({ field: z.string() })) }).parse(body)
    expect(fields.map(({ field }) => field)).toEqual(expect.arrayContaining(['body.message', 'body.deadlineMs']))
  })

  test('a method that is not taken names those that are', async () => {
    const { headers } = await on.request(on.acme.key, 'PUT', '/api/v1/agents', {})
    expect(headers.get('allow')).toBe('POST, GET')
  })

  test.each(['abc', '-1', '1.5', '9'.repeat(30), '1; drop table'])('Last-Event-ID %s is refused', async (id) => {
    const run = await on.request(on.acme.key, 'POST', runs, { message: 'hello' })
    const answer = await on.request(on.acme.key, 'GET', `/api/v1/runs/${idOf(run)}/events`, undefined, {
      accept: 'text/event-stream',
      'last-event-id': id,
    })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  })

  test('HEAD for an event stream is answered, and leaves no stream behind', async () => {
    const run = await on.request(on.acme.key, 'POST', runs, { message: 'hello' })
    const headers = { accept: 'text/event-stream' }
    const answer = await on.request(on.acme.key, 'HEAD', `/api/v1/runs/${idOf(run)}/events`, undefined, headers)
    expect(answer).toMatchObject({ status: 200, text: '' })
  })
})

describe('a cursor that we did not give out is refused', () => {
  const paged = operationIds.filter((id) => {
    const operation: Operation = operations[id]
    return operation.query && 'cursor' in operation.query.shape
  })
  const forged = [
    'nonsense',
    cursorOf('a\0b'),
    cursorOf('-'.repeat(36)),
    cursorOf('999999999999999'),
    cursorOf('9999-99-99 99:99:99|x'),
    cursorOf(`${'9'.repeat(16)}|not-a-uuid`),
    cursorOf("1' or '1'='1"),
  ]
  test.each(paged)('%s', async (id: OperationId) => {
    const { path: template, method, permission }: Operation = operations[id]
    const path = template.replace('{name}', 'assistant').replace('{id}', 'no-thread')
    const key = permission?.startsWith('platform:') ? on.operatorKey : on.acme.key
    for (const cursor of forged) {
      const { status, text } = await on.request(
        key,
        method.toUpperCase(),
        `/api/v1${path}?cursor=${encodeURIComponent(cursor)}`,
      )
      expect([200, 400, 404], `${cursor}: ${text}`).toContain(status)
    }
  })
})

describe('credentials', () => {
  const bad = [
    ['none', undefined],
    ['another scheme', 'Basic YTpi'],
    ['an unknown key', `Bearer fht_${'a'.repeat(43)}`],
    ['an unknown operator key', `Bearer fho_${'a'.repeat(43)}`],
    ['a key with more behind it', 'Bearer a b'],
    ['a very long key', `Bearer ${'a'.repeat(10_000)}`],
    ['an SQL injection', `Bearer fht_'or'1'='1`],
  ] as const
  test.each(bad)('that are %s are refused', async (_, authorization) => {
    const answer = await on.request(null, 'GET', '/api/v1/agents', undefined, authorization ? { authorization } : {})
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  test('in the query are no credentials', async () => {
    const answer = await on.request(null, 'GET', `/api/v1/whoami?api_key=${on.acme.key}&access_token=${on.acme.key}`)
    expect(answer.status).toBe(401)
  })

  test('that were revoked stop working within 5 s', async () => {
    const client = on.client(on.acme.key)
    const { id, apiKey } = await client.createKey({ body: { name: 'short-lived' } })
    expect((await on.request(apiKey, 'GET', '/api/v1/whoami')).status).toBe(200)
    await client.revokeKey({ params: { id } })
    const stopped = async () => (await on.request(apiKey, 'GET', '/api/v1/whoami')).status === 401
    await withinFiveSeconds(stopped, 'the revoked key to stop working')
  })

  test('that expired do not work', async () => {
    const { apiKey } = await on
      .client(on.acme.key)
      .createKey({ body: { name: 'expired', expiresAt: new Date(Date.now() + 60_000).toISOString() } })
    await on.asSuperuser(`update api_keys set expires_at = now() - interval '1 second' where name = 'expired'`)
    expect(await on.request(apiKey, 'GET', '/api/v1/whoami')).toMatchObject({ status: 401 })
  })
})

describe('a suspended tenant', () => {
  test('is refused within 5 s, none of its runs is claimed, and all goes on once it is resumed', async () => {
    const initech = await on.createTenant('initech')
    const operator = on.client(on.operatorKey)
    const run = await on.request(initech.key, 'POST', runs, { message: 'hello' })
    await operator.suspendTenant({ params: { id: initech.id } })
    const ask = () => on.request(initech.key, 'GET', `/api/v1/runs/${idOf(run)}`)
    const refused = await withinFiveSeconds(async () => {
      const answer = await ask()
      return answer.status === 403 && answer
    }, 'the key of the suspended tenant to be refused')
    expect(refused.body).toMatchObject({ code: 'tenant_suspended' })
    await on.startWorker()
    // Once a run that was started later has ended, the worker has passed over the older one.
    const other = await on.request(on.globex.key, 'POST', `${runs}?wait=20`, { message: 'hello' })
    expect(other.body).toMatchObject({ status: 'succeeded' })
    expect(await on.asSuperuser('select status from agent_runs where id = $1', [idOf(run)])).toEqual([
      { status: 'queued' },
    ])
    await operator.resumeTenant({ params: { id: initech.id } })
    const ended = async () => (await ask()).text.includes('"status":"succeeded"')
    await waitFor(ended, { what: 'the run of the resumed tenant to end' })
    await on.stopWorker(10_000)
  })
})

describe('probes', () => {
  test('/health and /ready answer without a key', async () => {
    expect(await on.request(null, 'GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } })
    expect(await on.request(null, 'GET', '/ready')).toMatchObject({ status: 200, body: { status: 'ready' } })
  })
})

test('no log line holds a key or a private key', async () => {
  await on.request(on.acme.key, 'GET', `/api/v1/nothing?key=${on.acme.key}`)
  await on.request(null, 'GET', '/api/v1/whoami', undefined, { authorization: `Bearer fht_${'b'.repeat(43)}` })
  const text = on.logs.join('')
  const { privateKey } = JSON.parse(await readFile(join(on.dataDir, 'service-key.json'), 'utf8'))
  for (const secret of [on.acme.key, on.globex.key, on.operatorKey, privateKey.d, 'b'.repeat(43), 'eyJ']) {
    expect(text).not.toContain(secret)
  }
})
