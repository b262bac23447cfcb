import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

export type IpAddress = ReturnType<typeof ipaddr.parse>
export type AddressKind = 'public' | 'private' | 'reserved' | 'metadata'

// Only 2000::/3 is assigned as global unicast. ipaddr.js calls all that it has no name for "unicast", `::127.0.0.1` too.
const globalUnicast6 = ipaddr.IPv6.parseCIDR('2000::/3')
// RFC 6052. With DNS64 a public IPv4 host is reached through this prefix; any other NAT64 prefix can't be recognised.
const wellKnownNat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

// AWS (instance, ECS, EKS), Azure (a public-looking address), Alibaba and Oracle. Most clouds share the first.
const metadataAddresses: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
])

const privateRanges: ReadonlySet<string> = new Set([
  'private',
  'loopback',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
  'unspecified',
])

/**
 * Parses an address in its standard spelling, as a resolver or WHATWG URL gives it, and takes the IPv4 address out of an
 * IPv4-mapped or NAT64 one: that is where the packets go. `null` for any other text, and for an address with a zone.
 */
export function parseAddress(text: string): IpAddress | null {
  const version = isIP(text)
  if (version === 0) return null
  if (version === 4) return ipaddr.parse(text)
  // ipaddr.js takes `::1.2.3.4` for `::ffff:1.2.3.4`, which is another address. WHATWG URL writes both in hexadecimal.
  const canonical = URL.parse(`http://[${text}]`)?.hostname.slice(1, -1)
  if (canonical === undefined) return null
  const address = ipaddr.parse(canonical)
  const embedsIpv4 = address.range() === 'ipv4Mapped' || address.match(wellKnownNat64)
  return embedsIpv4 ? ipaddr.fromByteArray(address.toByteArray().slice(12)) : address
}

/** Says what an address is for. 6to4, Teredo and IPv4-compatible addresses count as reserved, whatever they embed. */
export function classifyAddress(address: IpAddress): AddressKind {
  if (metadataAddresses.has(address.toString())) return 'metadata'
  const range = address.range()
  if (privateRanges.has(range)) return 'private'
  if (range !== 'unicast') return 'reserved'
  return address.kind() === 'ipv4' || address.match(globalUnicast6) ? 'public' : 'reserved'
}
