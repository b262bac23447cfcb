import type { Context } from 'hono'
import { expect, test } from 'vitest'
import { createClientAddress, readProxies } from './client-address.ts'

const noneBad = (entry: string) => expect.fail(`"${entry}" is taken for a bad entry`)

/** From where a request comes, as a gateway finds that trusts these proxies. */
function addressOf(socket: string, forwardedFor: string | undefined, proxies: string[]): string {
  const env = { incoming: { socket: { remoteAddress: socket, remotePort: 1, remoteFamily: 'IPv4' } } }
  return createClientAddress(readProxies(proxies, noneBad))({
    env,
    req: { header: () => forwardedFor },
  } as unknown as Context)
}

test.each([
  ['no proxy is trusted', '192.0.2.1', '203.0.113.9', [], '192.0.2.1'],
  ['the caller is no proxy', '192.0.2.1', '203.0.113.9', ['10.0.0.0/8'], '192.0.2.1'],
  ['a proxy called', '10.0.0.7', '203.0.113.9', ['10.0.0.0/8'], '203.0.113.9'],
  ['a proxy behind a proxy called', '10.0.0.7', '203.0.113.9, 10.0.0.8', ['10.0.0.0/8'], '203.0.113.9'],
  ['the caller wrote an address first', '10.0.0.7', '198.51.100.1, 203.0.113.9', ['10.0.0.0/8'], '203.0.113.9'],
  ['a proxy tells no address', '10.0.0.7', undefined, ['10.0.0.0/8'], '10.0.0.7'],
  ['a proxy tells what is no address', '10.0.0.7', '203.0.113.9, unknown', ['10.0.0.0/8'], '10.0.0.7'],
  ['all of them are proxies', '10.0.0.7', '10.0.0.9', ['10.0.0.0/8'], '10.0.0.9'],
  ['the socket takes both kinds', '::ffff:10.0.0.7', '203.0.113.9', ['10.0.0.0/8'], '203.0.113.9'],
  ['a proxy has an IPv6 address', '2001:db8::1', '203.0.113.9', ['2001:db8::/32'], '203.0.113.9'],
  ['a proxy is named by its address', '127.0.0.1', '2001:db8::9', ['127.0.0.1', '::1'], '2001:db8::9'],
])('where %s', (_, socket, forwardedFor, proxies, address) => {
  expect(addressOf(socket, forwardedFor, proxies)).toBe(address)
})

test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '300.1.1.1', '::1/129', '10.0.0.0/-1'])(
  '%s names no proxy',
  (entry) => {
    const bad: string[] = []
    readProxies([entry], (each) => bad.push(each))
    expect(bad).toEqual([entry])
  },
)
