import ipaddr from 'ipaddr.js'
import { type IpAddress, parseAddress } from './addresses.ts'

/** What an operator opened. A host-name rule opens whatever the name resolves to; `port: null` is every port. */
export type EgressRule =
  | { kind: 'host'; host: string; port: number | null }
  | { kind: 'network'; network: [IpAddress, number]; port: number | null }

const namePattern = /^(?!-)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

/**
 * Reads `FREEHOLD_EGRESS_ALLOW`: comma-separated host names, IP addresses and CIDR ranges, each with an optional port
 * (`db.internal`, `localhost:8080`, `10.0.0.0/8`, `10.1.2.3:443`, `fd00::/8`, `[fd00::1]:443`).
 * Throws an `Error` that names every bad entry.
 */
export function parseEgressAllow(text: string): EgressRule[] {
  const rules: EgressRule[] = []
  const bad: string[] = []
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    const rule = parseRule(entry)
    if (rule === null) bad.push(JSON.stringify(entry))
    else rules.push(rule)
  }
  if (bad.length > 0) {
    throw new Error(
      `These entries of the egress allow-list can't be read: ${bad.join(', ')}. ` +
        'Write a host name, an IP address or a CIDR range, with an optional port, such as ' +
        'db.internal, localhost:8080, 10.0.0.0/8 or [fd00::1]:443.',
    )
  }
  return rules
}

function parseRule(entry: string): EgressRule | null {
  const { target, portText } = splitPort(entry)
  const port = portText === undefined ? null : parsePort(portText)
  if (port === undefined) return null
  const network = parseNetwork(target)
  if (network !== null) return { kind: 'network', network, port }
  const host = canonicalName(target)
  return host === null ? null : { kind: 'host', host, port }
}

/** IPv6 with a port is written in brackets; without a port the brackets are optional. */
function splitPort(entry: string): { target: string; portText: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(entry)
  if (bracketed) return { target: bracketed[1]?.includes(':') ? bracketed[1] : '', portText: bracketed[2] }
  const [target = '', portText, ...more] = entry.split(':')
  return more.length > 0 ? { target: entry, portText: undefined } : { target, portText }
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

function parseNetwork(text: string): [IpAddress, number] | null {
  const address = parseAddress(text)
  if (address !== null) return [address, address.kind() === 'ipv4' ? 32 : 128]
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return ipaddr.IPv4.parseCIDR(text)
  if (ipaddr.IPv6.isValidCIDR(text)) return ipaddr.IPv6.parseCIDR(text)
  return null
}

/** The spelling that WHATWG URL gives a name (lower case, punycode), or `null` for what isn't a plain name. */
function canonicalName(text: string): string | null {
  const url = URL.parse(`http://${text}`)
  if (url === null || /[/?#@\\]/.test(text)) return null
  const host = withoutTrailingDot(url.hostname)
  return namePattern.test(host) && parseAddress(host) === null ? host : null
}

/** `localhost.` is `localhost`: the dot only says that the name is complete. */
export function withoutTrailingDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host
}

export function opensHost(rules: readonly EgressRule[], host: string, port: number): boolean {
  return rules.some((rule) => rule.kind === 'host' && rule.host === host && (rule.port ?? port) === port)
}

export function opensAddress(rules: readonly EgressRule[], address: IpAddress, port: number): boolean {
  return rules.some(
    (rule) => rule.kind === 'network' && (rule.port ?? port) === port && inNetwork(address, rule.network),
  )
}

function inNetwork(address: IpAddress, [network, prefixBits]: [IpAddress, number]): boolean {
  return address.kind() === network.kind() && address.match(network, prefixBits)
}

/** Whether a tenant's list names `host`. `*.example.com` is every name below example.com, not example.com itself. */
export function tenantAllows(patterns: readonly string[], host: string): boolean {
  return patterns.some((pattern) => {
    const wildcard = pattern.startsWith('*.')
    const name = canonicalHost(wildcard ? pattern.slice(2) : pattern)
    if (name === null) return false
    return wildcard ? parseAddress(name) === null && host.endsWith(`.${name}`) : host === name
  })
}

function canonicalHost(text: string): string | null {
  const address = parseAddress(text.replace(/^\[(.*)\]$/, '$1'))
  return address === null ? canonicalName(text) : address.toString()
}
