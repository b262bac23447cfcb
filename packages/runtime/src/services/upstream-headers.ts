import { FreeholdError } from '@freehold/contracts'

/** Of one connection only (RFC 9110, section 7.6.1), or made anew for the next one. */
const hopByHop = [
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'expect', 'host', 'content-length'],
]

/** The caller's credentials with us, what says who they are, and what an upstream could mistake for our word. */
const keptFromUpstream: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...['authorization', 'cookie', 'x-tenant-id', 'x-team-id', 'x-environment', 'x-request-id'],
  ...['forwarded', 'via', 'x-real-ip', 'accept-encoding', 'origin', 'referer'],
  // With these a server may take another path than the one that was checked.
  ...['x-original-url', 'x-rewrite-url'],
])

/** What an upstream could do to everything else that our origin serves, or say in our name. */
const keptFromCaller: ReadonlySet<string> = new Set([
  ...hopByHop.filter((name) => name !== 'content-length'),
  ...[
    'set-cookie',
    'set-cookie2',
    'clear-site-data',
    'service-worker-allowed',
    'alt-svc',
    'refresh',
    'www-authenticate',
  ],
  ...['strict-transport-security', 'content-security-policy', 'content-security-policy-report-only', 'nel'],
  ...[
    'report-to',
    'reporting-endpoints',
    'public-key-pins',
    'x-request-id',
    'ratelimit',
    'ratelimit-policy',
    'location',
    'cdn-cache-control',
    'surrogate-control',
  ],
])

const keptPrefixes = ['x-freehold-', 'x-forwarded-', 'access-control-', 'cross-origin-', 'proxy-', 'sec-']

/** CGI (RFC 3875, section 4.1.18), and so WSGI, PHP and others, can't tell an underscore in a name from a hyphen. */
function isKept(given: string, kept: ReadonlySet<string>): boolean {
  const name = given.replaceAll('_', '-')
  return kept.has(name) || keptPrefixes.some((prefix) => name.startsWith(prefix))
}

/** Documents that a browser would show as pages of our origin, also where they are the last of several types. */
const shownByBrowsers = /html|xsl|[/+]xml|mixed-replace/i

/** What of a caller's header fields an upstream gets. */
export function toUpstream(headers: Headers): Record<string, string> {
  const named = namedByConnection(headers.get('connection'))
  return Object.fromEntries([...headers].filter(([name]) => !isKept(name, keptFromUpstream) && !named.includes(name)))
}

type Received = Record<string, string | string[] | undefined>

/** What of an upstream's header fields the caller gets. */
export function toCaller(received: Received, redact: (text: string) => string): Headers {
  const headers = new Headers()
  const named = namedByConnection([received.connection ?? []].flat().join(','))
  for (const [name, value] of Object.entries(received)) {
    if (value === undefined || isKept(name, keptFromCaller) || named.includes(name)) continue
    for (const each of [value].flat()) headers.append(name, redact(each))
  }
  if (shownByBrowsers.test(headers.get('content-type') ?? '')) headers.set('content-disposition', 'attachment')
  keepPrivate(headers)
  return headers
}

/** At one path each caller gets an answer of their own, which a cache in front of us must not give to others. */
function keepPrivate(headers: Headers): void {
  const directives = (headers.get('cache-control') ?? '').split(',').map((directive) => directive.trim())
  const kept = directives.filter((directive) => directive !== '' && !/^(public|private|s-maxage)\b/i.test(directive))
  headers.set('cache-control', ['private', ...kept].join(', '))
  headers.append('vary', 'authorization, cookie, x-environment, x-team-id, x-tenant-id')
}

function namedByConnection(connection: string | null): string[] {
  return (connection ?? '').split(',').map((name) => name.trim().toLowerCase())
}

/**
 * Where a caller finds what an upstream points at: below the path of the service. A redirect to anywhere else is refused;
 * elsewhere such a pointer is left out.
 */
export function locationFor(
  location: string | undefined,
  { status, asked, base, path }: { status: number; asked: URL; base: URL; path: string },
): string | undefined {
  if (location === undefined) return undefined
  const target = URL.parse(location, asked.href)
  const prefix = withoutSlash(base.pathname)
  const within =
    target?.origin === base.origin && (target.pathname === prefix || target.pathname.startsWith(`${prefix}/`))
  if (target && within) return `${path}${target.pathname.slice(prefix.length)}${target.search}${target.hash}`
  if (status < 300 || status > 399) return undefined
  throw new FreeholdError('upstream_failed', 'The service redirects to another place, where no call follows it.', {
    retryable: false,
  })
}

export function withoutSlash(path: string): string {
  return path.replace(/\/$/, '')
}
