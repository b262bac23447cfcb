import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDashboard, type Dashboard } from './dashboard.ts'

let received: IncomingHttpHeaders
let url: string | undefined
let dashboard: Dashboard
const pages = createServer((request, response) => {
  received = request.headers
  if (request.url === '/unchanged') return void response.writeHead(304, { etag: '"1"' }).end()
  const headers = { 'set-cookie': ['a=1', 'b=2'], 'content-encoding': 'br', 'keep-alive': 'timeout=5' }
  response.writeHead(request.url === '/search?q=a%20b' ? 200 : 404, headers).end('as it is')
})

beforeAll(async () => {
  pages.listen(0, '127.0.0.1')
  await once(pages, 'listening')
  url = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
  dashboard = createDashboard(() => url)
})
afterAll(async () => {
  await dashboard.close()
  pages.closeAllConnections()
  pages.close()
})

const ask = (path: string, init: RequestInit = {}) =>
  dashboard.answer(new Request(`http://agents.example${path}`, init), '203.0.113.9')

test('a page is asked for with the session that came, and its answer is passed on as it is', async () => {
  const headers = {
    cookie: 'auth.session_token=x',
    'x-forwarded-for': '192.0.2.1',
    te: 'trailers',
    authorization: 'Bearer x',
  }
  const answer = await ask('/search?q=a%20b', { headers })
  expect(answer.status).toBe(200)
  // Still compressed, for the browser.
  expect(answer.headers.get('content-encoding')).toBe('br')
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect(answer.headers.has('keep-alive')).toBe(false)
  expect(await answer.text()).toBe('as it is')
  expect(received).toMatchObject({ cookie: 'auth.session_token=x', 'x-forwarded-for': '203.0.113.9' })
  expect(received).not.toHaveProperty('te')
  expect(received).not.toHaveProperty('authorization')
})

test('an answer without a body has none', async () => {
  const unchanged = await ask('/unchanged', { headers: { 'if-none-match': '"1"' } })
  expect(unchanged).toMatchObject({ status: 304, body: null })
  expect(await ask('/search?q=a%20b', { method: 'HEAD' })).toMatchObject({ status: 200, body: null })
})

test('while it is being built a page says so, and comes again by itself', async () => {
  const known = url
  url = undefined
  const answer = await ask('/')
  url = known
  expect(answer.status).toBe(503)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await answer.text()).toContain('http-equiv="refresh"')
})

test('one that can not be reached is told as such', async () => {
  const known = url
  url = 'http://127.0.0.1:1'
  await expect(ask('/')).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  url = known
})
