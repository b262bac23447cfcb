import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { createGuardedFetch, parseEgressAllow } from '../egress/index.ts'
import { startHttpServer } from '../egress/local-server.fixture.ts'
import { answering, toolContext } from './fake-context.fixture.ts'
import { httpRequest } from './http-request.ts'
import { callTool, ToolError } from './tool.ts'

describe('over the wire', () => {
  const fetch = createGuardedFetch({ operatorAllow: parseEgressAllow('127.0.0.1'), tenantAllowedHosts: null })

  test('JSON goes out and comes back, with the key of the call', async () => {
    await using server = await startHttpServer(async (incoming, response) => {
      const { 'idempotency-key': key, 'content-type': type } = incoming.headers
      response.writeHead(201, { 'content-type': 'application/json; charset=utf-8', 'x-internal': 'hidden' })
      response.end(JSON.stringify({ method: incoming.method, key, type, body: await text(incoming) }))
    })
    const url = `http://127.0.0.1:${server.port}/orders`
    const output = await callTool(httpRequest, { url, method: 'POST', body: { item: 1 } }, toolContext({ fetch }))
    expect(output).toEqual({
      status: 201,
      url,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: { method: 'POST', key: 'run:3', type: 'application/json', body: '{"item":1}' },
      truncated: false,
    })
  })

  test('an error status is an answer', async () => {
    await using server = await startHttpServer((_incoming, response) => void response.writeHead(503).end('busy'))
    const output = await callTool(httpRequest, { url: `http://127.0.0.1:${server.port}/` }, toolContext({ fetch }))
    expect(output).toMatchObject({ status: 503, body: 'busy' })
  })

  test('what the guard refuses, the model is told', async () => {
    const call = callTool(httpRequest, { url: 'http://10.0.0.1/' }, toolContext({ fetch }))
    await expect(call).rejects.toThrow(ToolError)
    await expect(call).rejects.toThrow('The address 10.0.0.1 is private.')
  })

  test('a body beyond 256 KiB is cut, and text then', async () => {
    await using server = await startHttpServer((_incoming, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify('a'.repeat(300_000)))
    })
    const output = await callTool(httpRequest, { url: `http://127.0.0.1:${server.port}/` }, toolContext({ fetch }))
    expect(output).toMatchObject({ truncated: true, body: `"${'a'.repeat(256 * 1024 - 1)}` })
  })

  test('a cancelled run gets its own reason back', async () => {
    const signal = AbortSignal.abort(new Error('run cancelled'))
    const call = callTool(httpRequest, { url: 'http://127.0.0.1/' }, toolContext({ fetch, signal }))
    await expect(call).rejects.toThrow('run cancelled')
  })
})

describe('the request', () => {
  test('takes no idempotency key from the model', async () => {
    const { context, requests } = answering({})
    const headers = { 'Idempotency-Key': 'mine', 'IDEMPOTENCY-KEY': 'mine too', 'X-Other': 'kept' }
    await callTool(httpRequest, { url: 'https://a.example', headers }, context)
    expect(requests[0]?.headers).toEqual({ 'idempotency-key': 'run:3', 'x-other': 'kept' })
  })

  test.each([
    [{ body: 'plain' }, 'plain', undefined],
    [{ body: [1, 2] }, '[1,2]', 'application/json'],
    [{ body: { a: null } }, '{"a":null}', 'application/json'],
    [{ body: {}, headers: { 'Content-Type': 'application/ld+json' } }, '{}', 'application/ld+json'],
    [{ body: '' }, undefined, undefined],
    [{}, undefined, undefined],
  ])('with %j sends %j as %j', async (input, body, contentType) => {
    const { context, requests } = answering({})
    await callTool(httpRequest, { url: 'https://a.example', method: 'POST', ...input }, context)
    expect(requests[0]?.body).toBe(body)
    expect(requests[0]?.headers['content-type']).toBe(contentType)
    expect(requests[0]?.maxResponseBytes).toBe(256 * 1024)
  })

  test.each([
    [{ url: 'https://a.example', body: 'x' }, 'A GET request takes no body.'],
    [{ url: 'https://a.example', method: 'TRACE' }, 'The arguments do not fit'],
    [{ url: 'https://a.example', timeout: 1 }, 'The arguments do not fit'],
    [{}, 'The arguments do not fit'],
  ])('%j is refused in words', async (input, message) => {
    const call = callTool(httpRequest, input, toolContext())
    await expect(call).rejects.toThrow(ToolError)
    await expect(call).rejects.toThrow(message)
  })
})

describe('the answer', () => {
  test.each([
    ['application/json', '{"a":1}', { a: 1 }],
    ['application/problem+json', '[]', []],
    ['application/json', '{"a":', '{"a":'],
    ['application/json', '', ''],
    ['text/plain', '{"a":1}', '{"a":1}'],
    ['image/svg+xml', '<svg/>', '<svg/>'],
    ['image/png', '\0', '[image/png is not shown: only text and JSON are]'],
    [undefined, 'text', 'text'],
  ])('of type %s: %j reads as %j', async (contentType, body, expected) => {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType }
    const { context } = answering({ headers, body })
    expect(await callTool(httpRequest, { url: 'https://a.example' }, context)).toMatchObject({ body: expected })
  })

  test('keeps the headers that say how to go on', async () => {
    const useful = { 'retry-after': '5', etag: '"x"', 'x-ratelimit-remaining': '0', 'x-total-count': '9' }
    const { context } = answering({ headers: { ...useful, 'set-cookie': 'secret', server: 'nginx' } })
    expect(await callTool(httpRequest, { url: 'https://a.example' }, context)).toMatchObject({ headers: useful })
    expect(await callTool(httpRequest, { url: 'https://a.example' }, context)).not.toHaveProperty('headers.set-cookie')
  })
})
