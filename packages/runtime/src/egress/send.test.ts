import type { ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { parseEgressAllow } from './egress-rules.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { GuardedRequest } from './guarded-request.ts'
import { listenLocally, startHttpServer } from './local-server.fixture.ts'

const fetchLocal = createGuardedFetch({
  operatorAllow: parseEgressAllow('127.0.0.1'),
  tenantAllowedHosts: null,
  resolve: async () => ['127.0.0.1'],
})

function request(port: number, changes: Partial<GuardedRequest> = {}): GuardedRequest {
  const url = `http://a.internal:${port}/`
  return { url, method: 'GET', headers: {}, signal: new AbortController().signal, maxResponseBytes: 1_000, ...changes }
}

function writeForever(response: ServerResponse): void {
  const write = () => {
    while (response.writable && response.write('x'.repeat(16_384)));
  }
  response.on('drain', write)
  write()
}

// Every server here waits, when it is disposed, until the client has closed its connections.

describe('the size cap', () => {
  test.each([
    [999, false],
    [1_000, false],
    [1_001, true],
    [5_000_000, true],
  ])('a body of %i bytes is truncated: %j', async (bytes, truncated) => {
    await using server = await startHttpServer((_request, response) => void response.end('a'.repeat(bytes)))
    const response = await fetchLocal(request(server.port))
    expect(response.truncated).toBe(truncated)
    expect(response.body.length).toBe(Math.min(bytes, 1_000))
  })

  test('an endless body is cut and its connection closed', async () => {
    await using server = await startHttpServer((_request, response) => writeForever(response))
    expect(await fetchLocal(request(server.port))).toMatchObject({ status: 200, truncated: true })
    await server.allClosed()
  })

  test.each([
    [200, { 'content-encoding': 'zstd' }, 'unreachable'],
    [302, { location: 'http://10.0.0.1/' }, 'forbidden_address'],
  ])('an endless body that nobody reads (%i %j) keeps no connection', async (status, headers, code) => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(status, headers)
      writeForever(response)
    })
    await expect(fetchLocal(request(server.port))).rejects.toMatchObject({ code })
    await server.allClosed()
  })

  test.each([
    ['gzip', gzipSync(Buffer.alloc(200_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(200_000_000), { params: { 1: 1 } })],
  ])('a %s bomb costs no more than the cap', async (encoding, bomb) => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb)
    })
    const before = process.memoryUsage().rss
    const response = await fetchLocal(request(server.port, { maxResponseBytes: 10_000 }))
    expect(response).toMatchObject({ truncated: true, body: '\0'.repeat(10_000) })
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000)
  })

  test('a character that the cut splits is left out', async () => {
    await using server = await startHttpServer((_request, response) => void response.end('aé'.repeat(10)))
    expect((await fetchLocal(request(server.port, { maxResponseBytes: 5 }))).body).toBe('aéa')
  })
})

describe('the body', () => {
  test.each([
    ['gzip', gzipSync('hello')],
    ['GZIP', gzipSync('hello')],
    ['deflate', deflateSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['identity', Buffer.from('hello')],
  ])('is decompressed from %s', async (encoding, bytes) => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bytes)
    })
    expect((await fetchLocal(request(server.port))).body).toBe('hello')
  })

  test('is read in its character set', async () => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; charset="iso-8859-1"' }).end(Buffer.from('é', 'latin1'))
    })
    expect((await fetchLocal(request(server.port))).body).toBe('é')
  })

  test('is empty for HEAD and 204, whatever encoding they claim', async () => {
    await using server = await startHttpServer((incoming, response) => {
      response.writeHead(incoming.method === 'HEAD' ? 200 : 204, { 'content-encoding': 'gzip' }).end()
    })
    expect(await fetchLocal(request(server.port, { method: 'HEAD' }))).toMatchObject({ status: 200, body: '' })
    expect(await fetchLocal(request(server.port))).toMatchObject({ status: 204, body: '' })
  })

  test('may be empty and claim an encoding', async () => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '0' }).end()
    })
    expect(await fetchLocal(request(server.port))).toMatchObject({ status: 200, body: '' })
  })

  test.each([
    ['gzip', 'is not gzip', /could not be decompressed/],
    ['gzip', gzipSync('hello'.repeat(100)).subarray(0, 20), /could not be decompressed/],
    ['gzip, gzip', 'x', /compressed in a way/],
    ['zstd', 'x', /compressed in a way/],
  ])('that claims %s and breaks is an error that says so', async (encoding, bytes, message) => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bytes)
    })
    await expect(fetchLocal(request(server.port))).rejects.toMatchObject({
      name: 'EgressError',
      code: 'unreachable',
      message: expect.stringMatching(message),
    })
  })
})

describe('abort', () => {
  test('ends a body that never ends', async () => {
    const controller = new AbortController()
    await using server = await startHttpServer((_request, response) => {
      response.write('drip')
      // The client has had the first bytes, so the abort hits it in the middle of the body.
      setImmediate(() => controller.abort(new Error('cancelled')))
    })
    await expect(fetchLocal(request(server.port, { signal: controller.signal }))).rejects.toThrow('cancelled')
    await server.allClosed()
  })

  test('ends a wait for headers', async () => {
    const controller = new AbortController()
    await using server = await startHttpServer(() => controller.abort(new Error('cancelled')))
    await expect(fetchLocal(request(server.port, { signal: controller.signal }))).rejects.toThrow('cancelled')
  })

  test('ends a TLS handshake and its socket', async () => {
    const controller = new AbortController()
    const tcp = createTcpServer((socket) => {
      socket.resume()
      socket.once('data', () => controller.abort(new Error('cancelled')))
    })
    await using server = await listenLocally(tcp)
    const call = fetchLocal(request(0, { url: `https://a.internal:${server.port}/`, signal: controller.signal }))
    await expect(call).rejects.toThrow('cancelled')
    await server.allClosed()
  })

  test('ends a name lookup', async () => {
    const controller = new AbortController()
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
    const fetch = createGuardedFetch({
      operatorAllow: [],
      tenantAllowedHosts: null,
      resolve: () => {
        onAsked()
        return new Promise(() => {})
      },
    })
    const call = fetch(request(80, { signal: controller.signal }))
    await asked
    controller.abort(new Error('cancelled'))
    await expect(call).rejects.toThrow('cancelled')
  })

  test('before the call makes no connection', async () => {
    await using server = await startHttpServer((_request, response) => void response.end())
    const signal = AbortSignal.abort(new Error('cancelled'))
    await expect(fetchLocal(request(server.port, { signal }))).rejects.toThrow('cancelled')
    expect(server.connections()).toBe(0)
  })

  test('by a time limit is an error for the model', async () => {
    await using server = await startHttpServer(() => {})
    await expect(fetchLocal(request(server.port, { signal: AbortSignal.timeout(20) }))).rejects.toMatchObject({
      name: 'EgressError',
      code: 'timeout',
    })
  })
})

describe('failures', () => {
  test('a refused connection is told by host and code alone', async () => {
    const server = await startHttpServer(() => {})
    await server[Symbol.asyncDispose]()
    await expect(fetchLocal(request(server.port))).rejects.toMatchObject({
      name: 'EgressError',
      message: `"a.internal:${server.port}" refused the connection (ECONNREFUSED).`,
    })
  })

  test('a connection that closes early is an error', async () => {
    await using server = await startHttpServer((incoming) => void incoming.socket.destroy())
    await expect(fetchLocal(request(server.port))).rejects.toMatchObject({ code: 'unreachable' })
  })

  test('an answer that is not HTTP is an error', async () => {
    await using server = await listenLocally(
      createTcpServer((socket) => void socket.resume().end('SSH-2.0-OpenSSH\r\n')),
    )
    await expect(fetchLocal(request(server.port))).rejects.toMatchObject({ code: 'unreachable' })
  })
})

test('TLS asks for the name, not for the address that it is pinned to', async () => {
  const names: string[] = []
  const tls = createTlsServer({
    SNICallback: (name, callback) => {
      names.push(name)
      callback(new Error('no certificate in this test'))
    },
  })
  tls.on('tlsClientError', () => {})
  await using server = await listenLocally(tls)
  const call = fetchLocal(request(0, { url: `https://a.internal:${server.port}/` }))
  await expect(call).rejects.toMatchObject({ code: 'unreachable' })
  expect(names).toEqual(['a.internal'])
})

test('of several checked addresses, one that answers is used', async () => {
  await using server = await startHttpServer((_request, response) => void response.end('ok'))
  const fetch = createGuardedFetch({
    operatorAllow: parseEgressAllow('127.0.0.0/8, ::1'),
    tenantAllowedHosts: null,
    resolve: async () => ['::1', '127.0.0.1'],
  })
  expect((await fetch(request(server.port))).body).toBe('ok')
})

test('each call uses a connection of its own and closes it', async () => {
  await using server = await startHttpServer((_request, response) => {
    response.writeHead(200, { connection: 'keep-alive' }).end('ok')
  })
  for (let call = 1; call <= 3; call++) {
    await fetchLocal(request(server.port))
    await server.allClosed()
    expect(server.connections()).toBe(call)
  }
})
