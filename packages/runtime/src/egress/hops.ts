import { validateHeaderName, validateHeaderValue } from 'node:http'
import { EgressError } from './egress-error.ts'
import type { GuardedRequest } from './guarded-request.ts'

/** One request on the wire: the caller's, or one that a redirect asked for. */
export interface Hop {
  url: URL
  method: string
  /** Names are in lower case. */
  headers: ReadonlyMap<string, string>
  body: string | undefined
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

// These belong to the connection, which is ours: a caller's values are dropped.
const connectionHeaders: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'accept-encoding',
])

// An allow-list, since a secret can be in a header of any name. None of these carries authority; the idempotency key goes
// along because a POST that is made again must still count once at the place that it was sent on to.
const crossOriginHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'user-agent',
  'idempotency-key',
])

export function firstHop(request: GuardedRequest): Hop {
  const url = URL.parse(request.url)
  if (url === null) {
    throw new EgressError(
      'invalid_request',
      'The URL can\'t be read. Write it in full, such as "https://example.com/path".',
    )
  }
  const method = request.method.toUpperCase()
  if (!methods.has(method)) {
    throw new EgressError(
      'invalid_request',
      `The method "${request.method}" can't be sent. Use ${[...methods].join(', ')}.`,
    )
  }
  return { url, method, headers: cleanHeaders(request.headers), body: request.body }
}

function cleanHeaders(headers: Record<string, string>): Map<string, string> {
  const clean = new Map([
    ['accept', '*/*'],
    ['user-agent', 'Freehold'],
  ])
  for (const [name, value] of Object.entries(headers)) {
    if (connectionHeaders.has(name.toLowerCase())) continue
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch (cause) {
      const shown = JSON.stringify(name)
      throw new EgressError('invalid_request', `The header ${shown} holds a character that HTTP forbids.`, { cause })
    }
    clean.set(name.toLowerCase(), value)
  }
  return clean
}

export function isRedirect(status: number, location: string | undefined): location is string {
  return location !== undefined && [301, 302, 303, 307, 308].includes(status)
}

/** The request that a redirect asks for, by the rules of the Fetch standard (section 4.4, HTTP-redirect fetch). */
export function nextHop(hop: Hop, status: number, location: string): Hop {
  const url = URL.parse(location, hop.url.href)
  if (url === null) throw new EgressError('unreachable', `"${hop.url.host}" redirects to a URL that can't be read.`)
  const becomesGet = status === 303 ? hop.method !== 'HEAD' : status <= 302 && hop.method === 'POST'
  const sameOrigin = url.origin === hop.url.origin
  const headers = [...hop.headers].filter(
    ([name]) => (sameOrigin || crossOriginHeaders.has(name)) && !(becomesGet && name.startsWith('content-')),
  )
  return {
    url,
    method: becomesGet ? 'GET' : hop.method,
    headers: new Map(headers),
    body: becomesGet ? undefined : hop.body,
  }
}
