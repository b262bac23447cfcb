import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createUpstreams } from './upstreams.fixture.ts'

const upstreams = createUpstreams()
let on: TestPlatform
let production: string
let staging: string

const put = (name: string, body: Record<string, unknown>, key = on.acme.key) =>
  on.request(key, 'PUT', `/api/v1/services/${name}`, body)
const http = (url: string, more: object = {}) => ({ kind: 'http', url, ...more })

beforeAll(async () => {
  on = await createTestPlatform({ egressAllow: '127.0.0.1', worker: true, upstreamOpenMs: 60_000 })
  production = await upstreams.start((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.setHeader('x-place', 'production')
    response.setHeader('set-cookie', 'stolen=1')
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('connection', 'x-place-of-connection')
    response.setHeader('x-place-of-connection', 'gone')
    response.statusCode = request.url?.includes('missing') ? 404 : 200
    response.end(JSON.stringify({ place: 'production' }))
  })
  staging = await upstreams.start((_, response) => response.end('staging'))
  const environments = { production: http(`${production}/base`), staging: http(staging) }
  expect((await put('orders', { environments })).status).toBe(200)
})
beforeEach(() => {
  upstreams.received.length = 0
})
afterAll(async () => {
  await on.close()
  await upstreams.close()
})

describe('a call of a service', () => {
  it('reaches its upstream with method, path, query and body, and comes back as it was answered', async () => {
    const answer = await on.request(on.acme.key, 'POST', '/api/v1/orders/7/items?full=1&a=b%20c', { amount: 2 })
    expect(answer).toMatchObject({ status: 200, body: { place: 'production' } })
    expect(answer.headers.get('x-place')).toBe('production')
    expect(upstreams.received).toMatchObject([
      { method: 'POST', url: '/base/7/items?full=1&a=b%20c', body: '{"amount":2}' },
    ])
    expect((await on.request(on.acme.key, 'GET', '/api/v1/orders/missing')).status).toBe(404)
    expect((await on.request(on.acme.key, 'GET', '/api/v1/orders')).status).toBe(200)
    expect(upstreams.received.map(({ url }) => url)).toEqual(['/base/7/items?full=1&a=b%20c', '/base/missing', '/base'])
  })

  it('says who calls, and brings none of the credentials of the caller', async () => {
    await on.request(on.acme.key, 'GET', '/api/v1/orders/x', undefined, {
      cookie: 'session=1',
      'x-tenant-id': on.acme.name,
      'x-freehold-tenant': 'forged',
      'x-freehold-actor': 'forged',
      'x-forwarded-for': '6.6.6.6',
      'x-request-id': 'a-request-of-mine',
      'x-custom': 'mine',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      connection: 'x-hop',
      'x-hop': 'gone',
    })
    const [{ headers } = { headers: {} }] = upstreams.received
    expect(headers).toMatchObject({
      'x-freehold-tenant': on.acme.id,
      'x-freehold-actor': expect.stringMatching(/^api_key:/),
      'x-freehold-environment': 'production',
      'x-request-id': 'a-request-of-mine',
      'x-custom': 'mine',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    })
    const kept = ['authorization', 'cookie', 'x-tenant-id', 'x-forwarded-for', 'x-hop', 'x-team-id']
    expect(Object.keys(headers).filter((name) => kept.includes(name))).toEqual([])
    expect(JSON.stringify(headers)).not.toContain(on.acme.key)
  })

  it('brings back no cookie, nor what opens our origin to others', async () => {
    const { headers } = await on.request(on.acme.key, 'GET', '/api/v1/orders/x')
    const kept = ['set-cookie', 'access-control-allow-origin', 'x-place-of-connection']
    expect(kept.filter((name) => headers.has(name))).toEqual([])
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-request-id')).toBeTruthy()
    expect(headers.get('ratelimit')).toBeTruthy()
  })

  it.each(['..%2f..%2fsecret', '%2e%2e%5csecret', 'a/..%5c..%5cb', '..;/secret', 'a/%2e%2e%3bx/b', '%'])(
    'does not leave its base by %s',
    async (path) => {
      expect(await on.request(on.acme.key, 'GET', `/api/v1/orders/${path}`)).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      })
      expect(upstreams.received).toEqual([])
    },
  )

  it('has the body limit of the gateway', async () => {
    const answer = await on.request(on.acme.key, 'POST', '/api/v1/orders', 'x'.repeat(1024 * 1024 + 1), {
      'content-type': 'text/plain',
    })
    expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
  })

  it('is of the tenant, the team and the environment of its caller', async () => {
    const nowhere = await on.request(on.acme.key, 'GET', '/api/v1/no-such-service/x')
    expect(nowhere).toMatchObject({ status: 404, body: { code: 'not_found' } })
    const like = (name: string) => ({
      status: 404,
      body: { code: 'not_found', detail: (nowhere.body as { detail: string }).detail.replace('no-such-service', name) },
    })
    expect(await on.request(on.globex.key, 'GET', '/api/v1/orders/x')).toMatchObject(like('orders'))

    const client = on.client(on.acme.key)
    const memberOf = async (team: string) => {
      const { id } = await client.createTeam({ body: { name: team } })
      const person = { subject: team, email: `${team}@example.com` }
      const { token } = await client.createInvitation({
        body: { email: person.email, teams: [{ id, roles: ['builder'] }] },
      })
      await on.client(on.tokenFor(person)).acceptInvitation({ body: { token } })
      return { id, token: on.tokenFor(person) }
    }
    const [sales, stock] = [await memberOf('sales'), await memberOf('stock')]
    expect(await put('prices', { environments: { production: http(production) } }, sales.token)).toMatchObject({
      status: 200,
      body: { teamId: sales.id },
    })
    expect((await on.request(sales.token, 'GET', '/api/v1/prices')).status).toBe(200)
    expect(await on.request(stock.token, 'GET', '/api/v1/prices')).toMatchObject(like('prices'))
    expect(await on.request(stock.token, 'GET', '/api/v1/services/prices')).toMatchObject({ status: 404 })
    expect(await put('prices', {}, stock.token)).toMatchObject({ status: 403 })
    const shared = { teamId: sales.id, sharedWith: [stock.id] }
    await client.setOwner({ params: { kind: 'service', resource: 'prices' }, body: shared })
    expect((await on.request(stock.token, 'GET', '/api/v1/prices')).status).toBe(200)
    expect(await put('prices', {}, stock.token)).toMatchObject({ status: 403 })
    expect(await on.request(stock.token, 'DELETE', '/api/v1/services/prices')).toMatchObject({ status: 404 })

    const bound = await client.createKey({ body: { name: 'ci', environment: 'staging' } })
    expect((await on.request(bound.apiKey, 'GET', '/api/v1/orders')).text).toBe('staging')
    const elsewhere = { 'x-environment': 'production' }
    expect(await on.request(bound.apiKey, 'GET', '/api/v1/orders', undefined, elsewhere)).toMatchObject({ status: 403 })
    expect(await on.request(bound.apiKey, 'GET', '/api/v1/prices')).toMatchObject({ status: 404 })
  })

  it('goes to the environment that an unbound caller names', async () => {
    const ask = (environment: string) =>
      on.request(on.acme.key, 'GET', '/api/v1/orders', undefined, { 'x-environment': environment })
    expect((await ask('staging')).text).toBe('staging')
    expect(await ask('development')).toMatchObject({ status: 404 })
    expect(await ask('moon')).toMatchObject({ status: 400 })
  })

  it('needs the permission to call', async () => {
    const { apiKey } = await on.client(on.acme.key).createKey({ body: { name: 'no', scopes: ['services:write'] } })
    expect(await on.request(apiKey, 'GET', '/api/v1/orders')).toMatchObject({ status: 403 })
    expect(await on.request(null, 'GET', '/api/v1/orders')).toMatchObject({ status: 401 })
    expect(upstreams.received).toEqual([])
  })
})

describe('an upstream', () => {
  it('that redirects is followed by nobody: within its base the caller is told where, elsewhere it is refused', async () => {
    let location = ''
    const url = await upstreams.start((_, response) => response.writeHead(302, { location }).end())
    await put('moved', { environments: { production: http(`${url}/base`) } })
    location = `${url}/base/there?x=1`
    const told = await on.request(on.acme.key, 'GET', '/api/v1/moved/here')
    expect([told.status, told.headers.get('location')]).toEqual([302, '/api/v1/moved/there?x=1'])
    location = 'there'
    const relative = await on.request(on.acme.key, 'GET', '/api/v1/moved/a/here')
    expect(relative.headers.get('location')).toBe('/api/v1/moved/a/there')
    for (const elsewhere of ['/basement', 'http://169.254.169.254/', 'javascript:alert(1)', '//evil.example']) {
      location = elsewhere
      expect(await on.request(on.acme.key, 'GET', '/api/v1/moved/x')).toMatchObject({
        status: 502,
        body: { code: 'upstream_failed' },
      })
    }
  })

  it.each([
    ['a status that HTTP does not have', 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n', 502],
    ['a length of what has none', 'HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\nhello', 204],
  ])('that answers with %s confuses nobody', async (_, answer, status) => {
    const url = await upstreams.start((request) => request.socket.end(answer))
    await put('odd', { environments: { production: http(url) } })
    const told = await on.request(on.acme.key, 'GET', '/api/v1/odd')
    expect([told.status, told.headers.get('content-length')]).toEqual([status, null])
  })

  it('that waits for the body of a slow caller has not failed', async () => {
    const headers = { authorization: `Bearer ${on.acme.key}`, 'content-length': '12' }
    const environments = { production: http(production) }
    await put('waits', { environments, timeoutMs: 3_000 })
    const calls = Array.from({ length: 6 }, async () => {
      const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('first ')) })
      const slow = { method: 'POST', headers, body, duplex: 'half' as const }
      const answer = await on.fetch(new Request('http://gateway/api/v1/waits', slow))
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('within 3000 ms')])
    })
    await Promise.all(calls)
    // The failures that an upstream has had stay with its address.
    await put('waits', { environments })
    expect((await on.request(on.acme.key, 'GET', '/api/v1/waits')).status).toBe(200)
  })

  it('whose callers leave in the middle of a body has not failed', async () => {
    const headers = { authorization: `Bearer ${on.acme.key}`, 'content-length': '12' }
    await put('left', { environments: { production: http(production) } })
    for (let count = 0; count < 6; count++) {
      const body = new ReadableStream({ pull: () => Promise.reject(new Error('aborted')) })
      const cutOff = { method: 'POST', headers, body, duplex: 'half' as const }
      const answer = await on.fetch(new Request('http://gateway/api/v1/left', cutOff))
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('cut off')])
    }
    expect((await on.request(on.acme.key, 'GET', '/api/v1/left')).status).toBe(200)
  })

  it('whose callers leave before it answers has not failed', async () => {
    let leave = new AbortController()
    // As the HTTP server does when a connection ends.
    const url = await upstreams.start(({ url: path }, response) => {
      if (path === '/answers') response.end()
      else leave.abort(new Error('closed'))
    })
    await put('awaited', { environments: { production: http(url) } })
    for (let count = 0; count < 6; count++) {
      leave = new AbortController()
      const headers = { authorization: `Bearer ${on.acme.key}` }
      const call = new Request('http://gateway/api/v1/awaited', { headers, signal: leave.signal })
      await Promise.resolve(on.fetch(call)).catch(() => {})
    }
    expect((await on.request(on.acme.key, 'GET', '/api/v1/awaited/answers')).status).toBe(200)
  })

  it('that takes too long is given up', async () => {
    const url = await upstreams.start(() => {})
    await put('slow', { environments: { production: http(url) }, timeoutMs: 100 })
    expect(await on.request(on.acme.key, 'GET', '/api/v1/slow')).toMatchObject({
      status: 504,
      body: { code: 'upstream_timeout', detail: expect.stringContaining('within 100 ms') },
    })
  })

  it('that is away is left alone after five failures, in its environment only, until its owner gives another one', async () => {
    const gone = await upstreams.start(() => {})
    await upstreams.stop(gone)
    await put('gone', { environments: { production: http(gone), staging: http(staging) } })
    for (let count = 0; count < 5; count++) {
      expect(await on.request(on.acme.key, 'GET', '/api/v1/gone')).toMatchObject({ status: 502 })
    }
    const refused = await on.request(on.acme.key, 'GET', '/api/v1/gone')
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(refused.headers.get('retry-after')).toBe('60')
    const other = { 'x-environment': 'staging' }
    expect(await on.request(on.acme.key, 'GET', '/api/v1/gone', undefined, other)).toMatchObject({ status: 200 })
    await put('gone', { environments: { production: http(production) } })
    expect(await on.request(on.acme.key, 'GET', '/api/v1/gone')).toMatchObject({ status: 200 })
  })

  it('that the egress guard forbids is not asked', async () => {
    const closed = { production: http('http://10.1.2.3/'), staging: http('http://169.254.169.254/') }
    expect(await put('private', { environments: closed })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('body.environments.production.url: The address 10.1.2.3 is private') },
    })
    // As if the operator had closed them since.
    await put('private', { environments: { production: http(production), staging: http(production) } })
    await on.asSuperuser(`update services set environments = $1 where name = 'private'`, [JSON.stringify(closed)])
    for (const environment of ['production', 'staging']) {
      const headers = { 'x-environment': environment }
      expect(await on.request(on.acme.key, 'GET', '/api/v1/private', undefined, headers)).toMatchObject({
        status: 502,
        body: { code: 'upstream_failed' },
      })
    }
    await on.client(on.globex.key).updateOwnTenant({ body: { allowedHosts: ['api.example.com'] } })
    await put('listed', { environments: { production: http(production) } }, on.globex.key)
    expect(await on.request(on.globex.key, 'GET', '/api/v1/listed')).toMatchObject({ status: 502 })
    expect(upstreams.received).toEqual([])
  })

  it('gets the credential of its connection, and the caller does not', async () => {
    const client = on.client(on.acme.key)
    const url = await upstreams.start((request, response) => {
      response.setHeader('x-echo', String(request.headers.authorization))
      response.end()
    })
    await client.putSecret({ params: { name: 'token' }, body: { value: 'very-secret' } })
    await client.putConnection({ params: { name: 'link' }, body: { kind: 'http', secret: 'token', origin: url } })
    const connected = (to: string) => ({ environments: { production: http(to, { connection: 'link' }) } })
    expect(await put('linked', connected('http://127.0.0.1:1'))).toMatchObject({ status: 400 })
    await put('linked', connected(url))
    const answer = await on.request(on.acme.key, 'GET', '/api/v1/linked')
    expect(upstreams.received[0]?.headers.authorization).toBe('Bearer very-secret')
    expect(answer.headers.get('x-echo')).toBe('Bearer [redacted]')
    await client.deleteConnection({ params: { name: 'link' } })
    expect(await on.request(on.acme.key, 'GET', '/api/v1/linked')).toMatchObject({ status: 502 })
    expect(upstreams.received).toHaveLength(1)
  })

  it('is asked no more often than its limit says', async () => {
    await put('limited', { environments: { production: http(production) }, limits: { requestsPerSecond: 0.01 } })
    expect((await on.request(on.acme.key, 'GET', '/api/v1/limited')).status).toBe(200)
    const refused = await on.request(on.acme.key, 'GET', '/api/v1/limited')
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('that is an MCP server keeps its session and streams, and has no paths', async () => {
    const url = await upstreams.start((request, response) => {
      response.setHeader('mcp-session-id', 'session-1')
      response.setHeader('content-type', 'text/event-stream')
      if (request.method === 'POST') response.end('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
      else response.write(`id: 1\ndata: {"last":"${request.headers['last-event-id']}"}\n\n`)
    })
    await put('toolbox', { environments: { production: { kind: 'mcp', url: `${url}/mcp` } } })
    const accept = { accept: 'application/json, text/event-stream' }
    const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }
    const begun = await on.request(on.acme.key, 'POST', '/api/v1/toolbox', initialize, accept)
    expect([begun.status, begun.headers.get('mcp-session-id')]).toEqual([200, 'session-1'])
    expect(begun.text).toContain('"result":{}')

    const headers = { authorization: `Bearer ${on.acme.key}`, 'mcp-session-id': 'session-1', 'last-event-id': '7' }
    const listening = await on.fetch(new Request('http://gateway/api/v1/toolbox', { headers }))
    const reader = (listening.body as ReadableStream<Uint8Array>).getReader()
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toContain('{"last":"7"}')
    await reader.cancel()
    expect(upstreams.received.map(({ method, url: path }) => `${method} ${path}`)).toEqual(['POST /mcp', 'GET /mcp'])
    expect(upstreams.received[1]?.headers).toMatchObject({ 'mcp-session-id': 'session-1' })
    expect(await on.request(on.acme.key, 'GET', '/api/v1/toolbox/x')).toMatchObject({ status: 404 })
  })

  it('that is an agent runs, and answers with its output', async () => {
    await put('helper', { environments: { production: { kind: 'agent', agent: 'assistant' } } })
    const { apiKey } = await on.client(on.acme.key).createKey({ body: { name: 'caller', scopes: ['services:call'] } })
    const answer = await on.request(apiKey, 'POST', '/api/v1/helper', { message: 'what is 6 times 7?' })
    expect(answer).toMatchObject({ status: 200, body: { output: expect.stringContaining('42') } })
    expect(await on.request(apiKey, 'POST', '/api/v1/helper', {})).toMatchObject({ status: 400 })
    expect(await on.request(apiKey, 'POST', '/api/v1/helper/x', { message: 'hi' })).toMatchObject({ status: 404 })
    expect(await on.request(apiKey, 'GET', '/api/v1/helper')).toMatchObject({ status: 405 })
    await put('nobody', { environments: { production: { kind: 'agent', agent: 'assistant' }, staging: http(staging) } })
    expect(await put('nobody', { environments: { production: { kind: 'agent', agent: 'none' } } })).toMatchObject({
      status: 400,
    })
  })
})
