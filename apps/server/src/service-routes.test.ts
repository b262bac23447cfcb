import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

/** A request as an upstream got it. */
interface Received {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

const servers: Server[] = []
let on: TestPlatform
let received: Received[] = []
let production: string
let staging: string

/** Starts an upstream on 127.0.0.1, which keeps what it receives. */
async function startUpstream(answer: RequestListener): Promise<string> {
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    received.push({ method, url, headers, body: await text(request).catch(() => 'broken') })
    answer(request, response)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const put = (name: string, body: Record<string, unknown>, key = on.acme.key) =>
  on.request(key, 'PUT', `/api/v1/services/${name}`, body)
const http = (url: string, more: object = {}) => ({ kind: 'http', url, ...more })

beforeAll(async () => {
  on = await createTestPlatform({ egressAllow: '127.0.0.1', worker: true, upstreamOpenMs: 60_000 })
  production = await startUpstream((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.setHeader('x-place', 'production')
    response.setHeader('set-cookie', 'stolen=1')
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('connection', 'x-place-of-connection')
    response.setHeader('x-place-of-connection', 'gone')
    response.statusCode = request.url?.includes('missing') ? 404 : 200
    response.end(JSON.stringify({ place: 'production' }))
  })
  staging = await startUpstream((_, response) => response.end('staging'))
  const environments = { production: http(`${production}/base`), staging: http(staging) }
  expect((await put('orders', { environments })).status).toBe(200)
})
beforeEach(() => {
  received = []
})
afterAll(async () => {
  await on.close()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

describe('a call of a service', () => {
  it('reaches its upstream with method, path, query and body, and comes back as it was answered', async () => {
    const answer = await on.request(on.acme.key, 'POST', '/api/v1/orders/7/items?full=1&a=b%20c', { amount: 2 })
    expect(answer).toMatchObject({ status: 200, body: { place: 'production' } })
    expect(answer.headers.get('x-place')).toBe('production')
    expect(received).toMatchObject([{ method: 'POST', url: '/base/7/items?full=1&a=b%20c', body: '{"amount":2}' }])
    expect((await on.request(on.acme.key, 'GET', '/api/v1/orders/missing')).status).toBe(404)
    expect((await on.request(on.acme.key, 'GET', '/api/v1/orders')).status).toBe(200)
    expect(received.map(({ url }) => url)).toEqual(['/base/7/items?full=1&a=b%20c', '/base/missing', '/base'])
  })
})
