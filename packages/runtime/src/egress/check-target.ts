import { lookup } from 'node:dns/promises'
import { classifyAddress, parseAddress } from './addresses.ts'
import { EgressError } from './egress-error.ts'
import { type EgressRule, opensAddress, opensHost, tenantAllows, withoutTrailingDot } from './egress-rules.ts'

/** Every A and AAAA address of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

export interface EgressPolicy {
  /** What the operator opened beyond the public internet: `parseEgressAllow(FREEHOLD_EGRESS_ALLOW)`. */
  operatorAllow: readonly EgressRule[]
  /** The hosts that the tenant keeps to, `api.example.com` or `*.example.com`; `null` for every public host. */
  tenantAllowedHosts: readonly string[] | null
  resolve?: Resolve
}

/** A URL that passed, and the only addresses that a connection for it may use. */
export interface CheckedTarget {
  url: URL
  addresses: readonly string[]
}

const metadataNames: ReadonlySet<string> = new Set(['metadata.google.internal', 'metadata.goog'])
const maxHostsNamed = 10

/**
 * Decides whether `url` may be called. One address that isn't public refuses the whole name: a resolver that mixes them is
 * either mistaken or rebinding. Throws `EgressError`.
 */
export async function checkTarget(url: URL, policy: EgressPolicy, signal: AbortSignal): Promise<CheckedTarget> {
  const target = checkUrl(url)
  const host = bareHost(target)
  checkTenantList(host, policy.tenantAllowedHosts)
  const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80)
  const opened = opensHost(policy.operatorAllow, host, port)
  if (!opened && metadataNames.has(host)) throw metadataRefused(`The host "${host}"`)

  const literal = parseAddress(host) !== null
  const addresses = literal ? [host] : await resolveAll(host, policy.resolve ?? resolveWithSystem, signal)
  if (!opened) {
    for (const address of addresses) checkAddress(address, literal ? null : host, port, policy.operatorAllow)
  }
  return { url: target, addresses }
}

function checkUrl(url: URL): URL {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new EgressError('invalid_request', `Only http and https can be called, not "${url.protocol}".`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new EgressError(
      'invalid_request',
      'The URL holds a user name or password. Send an Authorization header instead.',
    )
  }
  const target = new URL(url)
  target.hash = ''
  target.hostname = withoutTrailingDot(url.hostname)
  return target
}

/** WHATWG URL has already made one spelling of 0x7f000001, 2130706433, 127.1 and [::ffff:7f00:1]; only brackets are left. */
function bareHost(url: URL): string {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return parseAddress(host)?.toString() ?? host
}

function checkTenantList(host: string, allowed: readonly string[] | null): void {
  if (allowed === null || tenantAllows(allowed, host)) return
  const named = allowed.length === 0 ? 'The list is empty.' : `It has ${allowed.slice(0, maxHostsNamed).join(', ')}.`
  throw new EgressError(
    'forbidden_host',
    `The host "${host}" is not on the tenant's list of allowed hosts. ${named} An administrator of the tenant can add it.`,
  )
}

function checkAddress(text: string, host: string | null, port: number, rules: readonly EgressRule[]): void {
  const subject = host === null ? `The address ${text}` : `The address ${text} of "${host}"`
  const address = parseAddress(text)
  if (address === null) throw new EgressError('forbidden_address', `${subject} can't be read as an IP address.`)
  const kind = classifyAddress(address)
  if (kind === 'public' || opensAddress(rules, address, port)) return
  if (kind === 'metadata') throw metadataRefused(subject)
  const entry = `${host ?? (text.includes(':') ? `[${text}]` : text)}:${port}`
  throw new EgressError('forbidden_address', `${subject} is ${kind}. The operator can allow ${entry}.`)
}

function metadataRefused(subject: string): EgressError {
  return new EgressError(
    'forbidden_address',
    `${subject} serves the machine's cloud metadata, with its credentials. It stays closed to agents.`,
  )
}

async function resolveAll(host: string, resolve: Resolve, signal: AbortSignal): Promise<readonly string[]> {
  const addresses = await abortable(resolve(host), signal).catch((cause: unknown) => {
    signal.throwIfAborted()
    throw new EgressError('unresolved', `The host "${host}" was not found. Check its spelling.`, { cause })
  })
  if (addresses.length === 0) throw new EgressError('unresolved', `The host "${host}" has no address.`)
  return addresses
}

async function resolveWithSystem(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, order: 'verbatim' })
  return found.map(({ address }) => address)
}

/** A system lookup can't be cancelled, so on abort it is left behind. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
