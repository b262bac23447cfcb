import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EgressPolicy } from './check-target.ts'
import { EgressError } from './egress-error.ts'
import { parseEgressAllow } from './egress-rules.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import type { GuardedRequest } from './guarded-request.ts'
import { startHttpServer } from './local-server.fixture.ts'

function request(url: string, changes: Partial<GuardedRequest> = {}): GuardedRequest {
  return { url, method: 'GET', headers: {}, signal: new AbortController().signal, maxResponseBytes: 1_000, ...changes }
}

function policy(allow = '', changes: Partial<EgressPolicy> = {}): EgressPolicy {
  return { operatorAllow: parseEgressAllow(allow), tenantAllowedHosts: null, ...changes }
}

/** The error of a call that must be refused. A resolver that isn't given says "not found", so nothing leaves the machine. */
async function refusal(url: string, changes: Partial<EgressPolicy> = {}, allow = ''): Promise<EgressError> {
  const resolve = () => Promise.reject(new Error('ENOTFOUND'))
  const result = await createGuardedFetch(policy(allow, { resolve, ...changes }))(request(url)).catch((error) => error)
  expect(result).toBeInstanceOf(EgressError)
  return result
}

describe('addresses that are not public', () => {
  test.each([
    'http://127.0.0.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://017700000001/',
    'http://127.1/',
    'http://0/',
    'http://127.0.0.1./',
    'http://①②⑦.0.0.1/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::127.0.0.1]/',
    'http://[2002:7f00:1::]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://metadata.google.internal/',
    'http://metadata.google.internal./',
    'https://METADATA.google.internal/',
    'http://10.0.0.1/',
    'http://100.64.0.1/',
  ])('%s is refused', async (url) => {
    expect((await refusal(url)).code).toBe('forbidden_address')
  })

  test.each(['localhost', 'localhost.', 'LOCALHOST', 'rebind.example.com'])(
    '%s is refused by its address',
    async (host) => {
      const asked: string[] = []
      const resolve = async (name: string) => {
        asked.push(name)
        return ['127.0.0.1']
      }
      expect((await refusal(`http://${host}/`, { resolve })).code).toBe('forbidden_address')
      expect(asked).toEqual([host.toLowerCase().replace(/\.$/, '')])
    },
  )

  test('the system resolver is used, and its answer is checked', async () => {
    const error = await createGuardedFetch(policy())(request('http://localhost:8080/')).catch((cause) => cause)
    expect(error.message).toMatch(/^The address (127\.0\.0\.1|::1) of "localhost" is private\./)
  })

  test('the message says how the operator opens it', async () => {
    const resolve = async () => ['127.0.0.1']
    expect((await refusal('http://localhost:8080/', { resolve })).message).toBe(
      'The address 127.0.0.1 of "localhost" is private. The operator can allow localhost:8080.',
    )
    expect((await refusal('https://[fd00::1]/')).message).toBe(
      'The address fd00::1 is private. The operator can allow [fd00::1]:443.',
    )
    expect((await refusal('http://169.254.169.254/')).message).not.toContain('FREEHOLD_EGRESS_ALLOW')
  })

  test.each([[['8.8.8.8', '10.0.0.1']], [['2606:4700::1111', '::1']], [['8.8.8.8', 'fe80::1%eth0']], [['nonsense']]])(
    'one of %j refuses the name',
    async (addresses) => {
      const resolve = async () => addresses
      expect((await refusal('http://mixed.example.com/', { resolve })).code).toBe('forbidden_address')
    },
  )

  test('a random private address never gets through, whatever its form', async () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const ipv4 = fc
      .tuple(fc.constantFrom('10', '127', '192.168', '172.20', '169.254', '100.100', '0', '240'), octet, octet, octet)
      .map(([prefix, ...rest]) => [...prefix.split('.'), ...rest].slice(0, 4).join('.'))
    const ipv6 = fc
      .tuple(fc.constantFrom('fd', 'fe80:', 'fc', 'ff'), fc.integer({ min: 0, max: 0xffff }))
      .map(([prefix, group]) =>
        prefix.endsWith(':') ? `${prefix}:${group.toString(16)}` : `${prefix}12::${group.toString(16)}`,
      )
    const forms = fc.oneof(
      ipv4,
      ipv4.map((v4) => `::ffff:${v4}`),
      ipv4.map((v4) => `64:ff9b::${v4}`),
      ipv6,
    )
    await fc.assert(
      fc.asyncProperty(forms, async (address) => {
        const literal = address.includes(':') ? `[${address}]` : address
        expect((await refusal(`http://${literal}/`)).code).toBe('forbidden_address')
        const resolve = async () => [address]
        expect((await refusal('http://a.example.com/', { resolve })).code).toBe('forbidden_address')
      }),
      { numRuns: 300 },
    )
  })
})

describe('requests that make no sense', () => {
  test.each([
    ['ftp://example.com/', 'invalid_request'],
    ['file:///etc/passwd', 'invalid_request'],
    ['data:text/plain,x', 'invalid_request'],
    ['/path', 'invalid_request'],
    ['http://user:pass@example.com/', 'invalid_request'],
    ['http://user@example.com/', 'invalid_request'],
    ['http://nowhere.example.com/', 'unresolved'],
  ])('%s is %s', async (url, code) => {
    expect((await refusal(url)).code).toBe(code)
  })

  test.each([
    { method: 'CONNECT' },
    { method: 'GET / HTTP/1.1\r\nX: y' },
    { headers: { 'x-a': 'b\r\nHost: evil' } },
    { headers: { 'x a': 'b' } },
  ])('%j is refused before a connection', async (changes) => {
    await using server = await startHttpServer((_request, response) => void response.end())
    const url = `http://127.0.0.1:${server.port}/`
    const error = await createGuardedFetch(policy('127.0.0.1'))(request(url, changes)).catch((cause) => cause)
    expect(error).toMatchObject({ name: 'EgressError', code: 'invalid_request' })
    expect(server.connections()).toBe(0)
  })
})

describe('the operator opens a target', () => {
  test.each(['127.0.0.1', '127.0.0.0/8', 'app.internal', '127.0.0.1:PORT', 'app.internal:PORT'])(
    'with %s',
    async (allow) => {
      await using server = await startHttpServer((incoming, response) => void response.end(incoming.headers.host))
      const fetch = createGuardedFetch(
        policy(allow.replace('PORT', String(server.port)), { resolve: async () => ['127.0.0.1'] }),
      )
      const response = await fetch(request(`http://app.internal:${server.port}/`))
      expect(response).toMatchObject({ status: 200, body: `app.internal:${server.port}`, truncated: false })
    },
  )

  test('but not on another port', async () => {
    const error = await refusal('http://127.0.0.1:81/', {}, '127.0.0.1:80')
    expect(error.code).toBe('forbidden_address')
  })

  test('and the metadata name by its name alone', async () => {
    await using server = await startHttpServer((_incoming, response) => void response.end('token'))
    const fetch = createGuardedFetch(policy('metadata.google.internal', { resolve: async () => ['127.0.0.1'] }))
    expect((await fetch(request(`http://metadata.google.internal:${server.port}/`))).body).toBe('token')
  })
})

describe("the tenant's list narrows", () => {
  const narrow = { tenantAllowedHosts: ['api.example.com', '*.example.org'] }

  test('a host that is not on it is refused before its name is looked up', async () => {
    const resolve = () => Promise.reject(new Error('looked up'))
    const error = await refusal('http://example.net/', { ...narrow, resolve })
    expect(error.code).toBe('forbidden_host')
    expect(error.message).toContain('api.example.com, *.example.org')
  })

  test('also what the operator opened', async () => {
    expect((await refusal('http://127.0.0.1/', narrow, '127.0.0.1')).code).toBe('forbidden_host')
    expect((await refusal('http://127.0.0.1/', { tenantAllowedHosts: [] }, '127.0.0.1')).code).toBe('forbidden_host')
  })

  test('an entry of it does not open a private address', async () => {
    const resolve = async () => ['10.0.0.1']
    expect((await refusal('http://api.example.com/', { ...narrow, resolve })).code).toBe('forbidden_address')
  })
})

test('a name is looked up once, and the connection goes to the address that was checked', async () => {
  await using server = await startHttpServer((_request, response) => void response.end('pinned'))
  const answers = [['127.0.0.1'], ['10.0.0.1']]
  let asked = 0
  const resolve = async () => answers[asked++] ?? []
  const fetch = createGuardedFetch(policy('127.0.0.1', { resolve }))
  const response = await fetch(request(`http://rebind.example.com:${server.port}/`))
  expect(response.body).toBe('pinned')
  expect(asked).toBe(1)
  await expect(fetch(request(`http://rebind.example.com:${server.port}/`))).rejects.toMatchObject({
    code: 'forbidden_address',
  })
})
