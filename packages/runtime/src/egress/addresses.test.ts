import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classifyAddress, parseAddress } from './addresses.ts'

function kindOf(text: string) {
  const address = parseAddress(text)
  return address === null ? null : classifyAddress(address)
}

describe('what an address is for', () => {
  test.each([
    ['127.0.0.1', 'private'],
    ['127.255.255.254', 'private'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['169.254.1.1', 'private'],
    ['0.0.0.0', 'private'],
    ['0.1.2.3', 'private'],
    ['192.0.0.1', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['224.0.0.1', 'reserved'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['FD00:EC2:0:0::254', 'metadata'],
    ['::1', 'private'],
    ['::', 'private'],
    ['fe80::1', 'private'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['fec0::1', 'reserved'],
    ['ff02::1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['3fff::1', 'reserved'],
    ['100::1', 'reserved'],
    ['5f00::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['::ffff:127.0.0.1', 'private'],
    ['::ffff:7f00:1', 'private'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['::127.0.0.1', 'reserved'],
    ['::8.8.8.8', 'reserved'],
    ['::ffff:0:127.0.0.1', 'reserved'],
    ['64:ff9b::127.0.0.1', 'private'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['64:ff9b:1::8.8.8.8', 'reserved'],
    ['2002:7f00:1::', 'reserved'],
    ['2002:808:808::', 'reserved'],
    ['2001:0:808:808::1', 'reserved'],
    ['8.8.8.8', 'public'],
    ['172.32.0.1', 'public'],
    ['100.128.0.1', 'public'],
    ['2606:4700::1111', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['localhost', null],
    ['fe80::1%eth0', null],
    ['127.1', null],
    ['0x7f000001', null],
    ['', null],
  ])('%s is %s', (text, expected) => {
    expect(kindOf(text)).toBe(expected)
  })

  // Node's own subnet arithmetic and a list from the IANA registries, so that an error in ours or in ipaddr.js shows.
  const closed = new BlockList()
  for (const [network, bits] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ] as const) {
    closed.addSubnet(network, bits, 'ipv4')
  }

  const octet = fc.integer({ min: 0, max: 255 })
  const firstOctet = fc.oneof(octet, fc.constantFrom(0, 10, 100, 127, 169, 172, 192, 198, 203, 224, 255))
  const ipv4 = fc.tuple(firstOctet, octet, octet, octet)
  const dotted = ([a, b, c, d]: [number, number, number, number]) => `${a}.${b}.${c}.${d}`

  test('no IPv4 address of a closed range is public, in any embedding', () => {
    fc.assert(
      fc.property(ipv4, (parts) => {
        const address = dotted(parts)
        const isClosed = closed.check(address, 'ipv4')
        const hex = Buffer.from(parts)
          .toString('hex')
          .replace(/^(.{4})/, '$1:')
        for (const text of [address, `::ffff:${address}`, `::ffff:${hex}`, `64:ff9b::${address}`]) {
          if (isClosed) expect(kindOf(text)).not.toBe('public')
        }
        for (const text of [`::${address}`, `2002:${hex}::1`, `2001:0:${hex}::1`, `64:ff9b:1::${address}`]) {
          expect(kindOf(text)).not.toBe('public')
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('no IPv6 address outside 2000::/3 is public, but for NAT64', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = parseAddress(text)
        if (address === null || address.kind() === 'ipv4') return
        const first = address.toByteArray()[0] ?? 0
        if (first >> 5 !== 1) expect(kindOf(text)).not.toBe('public')
      }),
      { numRuns: 2_000 },
    )
  })
})
