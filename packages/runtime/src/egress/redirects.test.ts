import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { EgressPolicy } from './check-target.ts'
import { parseEgressAllow } from './egress-rules.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { GuardedRequest } from './guarded-request.ts'
import { startHttpServer } from './local-server.fixture.ts'

function request(url: string, changes: Partial<GuardedRequest> = {}): GuardedRequest {
  return { url, method: 'GET', headers: {}, signal: new AbortController().signal, maxResponseBytes: 1_000, ...changes }
}

const fetchLocal = guarded()

function guarded(changes: Partial<EgressPolicy> = {}) {
  const resolve = async () => ['127.0.0.1']
  return createGuardedFetch({
    operatorAllow: parseEgressAllow('127.0.0.1'),
    tenantAllowedHosts: null,
    resolve,
    ...changes,
  })
}

async function seen(incoming: IncomingMessage) {
  return { method: incoming.method, headers: incoming.headers, body: await text(incoming) }
}

/** Redirects `/` to `location` (a function of the port) and answers any other path with what it was sent. */
function redirecting(status: number, location: (port: number | undefined) => string) {
  return startHttpServer(async (incoming, response) => {
    if (incoming.url !== '/') return void response.end(JSON.stringify(await seen(incoming)))
    response.writeHead(status, { location: location(incoming.socket.localPort) }).end('moved')
  })
}

test.each([
  'http://10.0.0.1/',
  'http://[::1]/',
  'http://169.254.169.254/latest/meta-data',
  'http://metadata.google.internal/',
  '//0x0a000001/',
])('a redirect to %s is refused', async (location) => {
  await using server = await redirecting(302, () => location)
  await expect(fetchLocal(request(`http://a.internal:${server.port}/`))).rejects.toMatchObject({
    code: 'forbidden_address',
  })
})

test.each(['file:///etc/passwd', 'http://user:pass@a.internal/'])(
  'a redirect to %s is refused too',
  async (location) => {
    await using server = await redirecting(302, () => location)
    await expect(fetchLocal(request(`http://a.internal:${server.port}/`))).rejects.toMatchObject({
      code: 'invalid_request',
    })
  },
)

test("a redirect to a host that is not on the tenant's list is refused", async () => {
  await using server = await redirecting(302, (port) => `http://b.internal:${port}/next`)
  const fetch = guarded({ tenantAllowedHosts: ['a.internal'] })
  await expect(fetch(request(`http://a.internal:${server.port}/`))).rejects.toMatchObject({ code: 'forbidden_host' })
  expect(server.connections()).toBe(1)
})

test('a name that turns private between two hops is refused', async () => {
  await using server = await redirecting(302, () => '/next')
  const answers = [['127.0.0.1'], ['10.0.0.1']]
  const fetch = guarded({ resolve: async () => answers.shift() ?? [] })
  await expect(fetch(request(`http://a.internal:${server.port}/`))).rejects.toMatchObject({ code: 'forbidden_address' })
})

test('five redirects are followed, a sixth is not', async () => {
  await using server = await startHttpServer((incoming, response) => {
    const left = Number(incoming.url?.slice(1))
    if (left === 0) return void response.end('there')
    response.writeHead(302, { location: `/${left - 1}` }).end()
  })
  const url = `http://a.internal:${server.port}`
  expect(await fetchLocal(request(`${url}/5`))).toMatchObject({ status: 200, body: 'there', url: `${url}/0` })
  await expect(fetchLocal(request(`${url}/6`))).rejects.toMatchObject({ code: 'too_many_redirects' })
})

test('a redirect without a Location, and a 304, are answers', async () => {
  await using server = await startHttpServer((incoming, response) => {
    response.writeHead(Number(incoming.url?.slice(1))).end()
  })
  for (const status of [302, 304]) {
    expect(await fetchLocal(request(`http://a.internal:${server.port}/${status}`))).toMatchObject({ status })
  }
})

describe('method and body', () => {
  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [301, 'PUT', 'PUT'],
    [302, 'DELETE', 'DELETE'],
    [307, 'POST', 'POST'],
    [308, 'PATCH', 'PATCH'],
  ])('after %i a %s becomes a %s', async (status, method, expected) => {
    await using server = await redirecting(status, () => '/next')
    const response = await fetchLocal(
      request(`http://a.internal:${server.port}/`, {
        method,
        body: '{}',
        headers: { 'Content-Type': 'application/json' },
      }),
    )
    const kept = expected === method
    const sent: { method: string; body: string; headers: IncomingHttpHeaders } = JSON.parse(response.body)
    expect(sent).toMatchObject({ method: expected, body: kept ? '{}' : '' })
    expect(sent.headers['content-type']).toBe(kept ? 'application/json' : undefined)
  })
})

describe('headers', () => {
  const secrets = {
    Authorization: 'Bearer x',
    Cookie: 'a=b',
    'X-Api-Key': 'k',
    'x-amz-security-token': 't',
    'X-Custom': 'anything',
  }
  const harmless = { Accept: 'text/plain', 'User-Agent': 'me', 'Idempotency-Key': 'run:1' }

  test('another origin gets none that could carry a secret', async () => {
    await using server = await redirecting(307, (port) => `http://b.internal:${port}/next`)
    const response = await fetchLocal(
      request(`http://a.internal:${server.port}/`, { headers: { ...secrets, ...harmless } }),
    )
    const { headers } = JSON.parse(response.body)
    for (const name of Object.keys(secrets)) expect(headers).not.toHaveProperty(name.toLowerCase())
    expect(headers).toMatchObject({ accept: 'text/plain', 'user-agent': 'me', 'idempotency-key': 'run:1' })
    expect(headers.host).toBe(`b.internal:${server.port}`)
  })

  test('another port is another origin', async () => {
    await using target = await startHttpServer(async (incoming, response) => {
      response.end(JSON.stringify(incoming.headers))
    })
    await using server = await redirecting(307, () => `http://a.internal:${target.port}/next`)
    const response = await fetchLocal(request(`http://a.internal:${server.port}/`, { headers: secrets }))
    expect(JSON.parse(response.body)).not.toHaveProperty('authorization')
  })

  test('the same origin gets them all', async () => {
    await using server = await redirecting(307, () => '/next')
    const response = await fetchLocal(request(`http://a.internal:${server.port}/`, { headers: secrets }))
    expect(JSON.parse(response.body).headers).toMatchObject({ authorization: 'Bearer x', 'x-api-key': 'k' })
  })

  test('secrets that were dropped do not come back on the way home', async () => {
    await using server = await startHttpServer((incoming, response) => {
      const port = incoming.socket.localPort
      if (incoming.url === '/') response.writeHead(307, { location: `http://b.internal:${port}/back` }).end()
      else if (incoming.url === '/back') response.writeHead(307, { location: `http://a.internal:${port}/end` }).end()
      else response.end(JSON.stringify(incoming.headers))
    })
    const response = await fetchLocal(request(`http://a.internal:${server.port}/`, { headers: secrets }))
    expect(JSON.parse(response.body)).not.toHaveProperty('authorization')
  })

  test('those of the connection are ours', async () => {
    await using server = await startHttpServer(async (incoming, response) => {
      response.end(JSON.stringify(await seen(incoming)))
    })
    const response = await fetchLocal(
      request(`http://a.internal:${server.port}/`, {
        method: 'POST',
        body: 'four',
        headers: {
          Host: 'evil.internal',
          'Content-Length': '4000',
          'Transfer-Encoding': 'chunked',
          Connection: 'upgrade',
          Upgrade: 'h2c',
          'Proxy-Authorization': 'Basic x',
          'Accept-Encoding': 'zstd',
        },
      }),
    )
    const { headers, body } = JSON.parse(response.body)
    expect(body).toBe('four')
    expect(headers).toMatchObject({ host: `a.internal:${server.port}`, 'content-length': '4', connection: 'close' })
    for (const name of ['upgrade', 'transfer-encoding', 'proxy-authorization']) expect(headers).not.toHaveProperty(name)
    expect(headers['accept-encoding']).toBe('gzip, br')
  })
})
