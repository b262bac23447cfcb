import { BlockList, isIP } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

/** Tells from which address a request came. */
export type ClientAddress = (c: Context) => string

/**
 * The address at the other end of the socket. Where that is a proxy that is trusted, the last one in `X-Forwarded-For` that
 * is none: what stands before it was written by whoever called.
 */
export function createClientAddress(trusted: BlockList): ClientAddress {
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return (c) => {
    // Without a socket under it, as in a test, a request comes from this process.
    let address = c.env ? plain(getConnInfo(c).remote.address ?? 'unknown') : 'in-process'
    const hops = (c.req.header('x-forwarded-for') ?? '').split(',')
    while (isIP(address) > 0 && isTrusted(address)) {
      const before = plain(hops.pop()?.trim() ?? '')
      if (isIP(before) === 0) break
      address = before
    }
    return address
  }
}

/** Reads addresses and ranges, such as `10.0.0.0/8`, of a list; the entries that are neither go to `onBad`. */
export function readProxies(entries: readonly string[], onBad: (entry: string) => void): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits, ...rest] = entry.split('/')
    const version = isIP(address)
    const most = version === 6 ? 128 : 32
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (version === 0 || prefix < 0 || prefix > most || rest.length > 0) onBad(entry)
    else list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Sockets that take both kinds of addresses write IPv4 as `::ffff:192.0.2.1`. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
