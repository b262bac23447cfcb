import { Readable } from 'node:stream'
import { FreeholdError } from '@freehold/contracts'
import { type Database, readHttpCredential, type ServiceRoute, toWebStream, type Vault } from '@freehold/core'
import { BrokenCircuitError } from 'cockatiel'
import { Client, type Dispatcher } from 'undici'
import { createRedactor } from '../connections/redact.ts'
import { checkTarget, EgressError, type EgressRule, pinnedConnector } from '../egress/index.ts'
import { createCallsAtOnce } from './calls-at-once.ts'
import { createUpstreamBreakers } from './upstream-breakers.ts'
import { locationFor, toCaller, toUpstream, withoutSlash } from './upstream-headers.ts'

/** A call of a service, as its caller sent it. */
export interface ServiceCall {
  method: string
  headers: Headers
  body: ReadableStream<Uint8Array> | null
  /** Below `/api/v1/{service}`: with its slash, or empty. */
  rest: string
  /** With its question mark, or empty. */
  search: string
  /** How the caller shows, such as `api_key:<id>`. */
  actor: string
  requestId: string
  signal: AbortSignal
}

/** A route to a server, rather than to an agent. */
export type ServerRoute = ServiceRoute & { upstream: Exclude<ServiceRoute['upstream'], { kind: 'agent' }> }

export type CallUpstream = (route: ServerRoute, call: ServiceCall) => Promise<Response>

export interface CallUpstreamParts {
  database: Database
  vault: Vault
  operatorAllow: readonly EgressRule[]
  /** How long an upstream that failed five times in a row is left alone; 10 s when absent. */
  openMs?: number
  /** How many calls a tenant can have under way in this process; 1,000 when absent. */
  maxAtOnce?: number
}

const failures = 5
/** How long the stream of an MCP server may pause. */
const streamPauseMs = 300_000
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304])
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

/**
 * Passes calls of services on to their servers and answers on to the callers, as they come. Every call has a connection of its
 * own, to an address that the egress guard has checked. Follows no redirect. Throws `FreeholdError`.
 */
export function createUpstreamCaller(parts: CallUpstreamParts): CallUpstream {
  const openMs = parts.openMs ?? 10_000
  const breakers = createUpstreamBreakers(failures, openMs)
  const callsAtOnce = createCallsAtOnce(parts.maxAtOnce ?? 1_000)

  return async (route, call) => {
    const url = targetOf(route, call)
    const ended = callsAtOnce.begin(route.tenantId)
    if (!ended) throw tooManyAtOnce()
    try {
      const credential = await readCredential(parts, route)
      const headers = headersFor(route, call, credential)
      const redact = credential ? createRedactor(credential.value) : (text: string) => text
      const answer = await breakers
        .run(
          // With the URL, so that a service which its owner leads elsewhere is called at once.
          `${route.tenantId} ${route.service} ${route.environment} ${route.upstream.url}`,
          () => send(parts, route, call, url, headers),
          (outcome) =>
            // A caller who is gone says nothing about it.
            'error' in outcome
              ? !call.signal.aborted && isAway(outcome.error)
              : [502, 503, 504].includes(outcome.answer.statusCode),
        )
        .catch((error: unknown) => {
          throw explain(error, route, call, openMs)
        })
      answer.body.once('close', ended)
      return respond(answer, route, call, url, redact)
    } catch (error) {
      ended()
      throw error
    }
  }
}

function tooManyAtOnce(): FreeholdError {
  const message = 'Too many calls of services are under way in this tenant. Try again when some have ended.'
  return new FreeholdError('rate_limited', message, { retryable: true, retryAfterSeconds: 1 })
}

/** Below the URL of the upstream, and nowhere else. */
function targetOf({ service, upstream }: ServerRoute, { rest, search }: ServiceCall): URL {
  const url = new URL(upstream.url)
  if (upstream.kind === 'mcp' && rest !== '' && rest !== '/') {
    throw new FreeholdError('not_found', `An MCP server is called at /api/v1/${service}, and at nothing below it.`)
  }
  if (upstream.kind === 'http' && rest !== '') {
    assertBelow(rest)
    url.pathname = withoutSlash(url.pathname) + rest
  }
  url.search = search
  return url
}

/**
 * A server may take an encoded slash for one, or drop what follows a semicolon (RFC 3986, section 3.3), and so find a way
 * up in what the URL parser took for a name.
 */
function assertBelow(path: string): void {
  const leadsUp = path.split('/').some((segment) => {
    const decoded = decode(segment)
    return decoded === undefined || decoded.split(/[\\/]/).some((part) => /^\.\.?(;|$)/.test(part))
  })
  if (leadsUp)
    throw new FreeholdError(
      'invalid_request',
      'path: holds "." or ".." behind an encoded slash or before a ";", or bad "%"',
    )
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

async function readCredential(parts: CallUpstreamParts, { tenantId, teamId, upstream }: ServerRoute) {
  const { connection } = upstream
  if (connection === null) return undefined
  const credential = await readHttpCredential(parts, { tenantId, team: teamId }, connection)
  if (credential?.origin === new URL(upstream.url).origin) return credential
  throw new FreeholdError(
    'upstream_failed',
    `The service needs the connection "${connection}", which is gone or leads elsewhere. Its owner can set it again.`,
    { retryable: false },
  )
}

function headersFor(
  { tenantId, environment }: ServerRoute,
  call: ServiceCall,
  credential: Awaited<ReturnType<typeof readCredential>>,
): Record<string, string> {
  return {
    'user-agent': 'Freehold',
    ...toUpstream(call.headers),
    'x-request-id': call.requestId,
    'x-freehold-tenant': tenantId,
    'x-freehold-actor': call.actor,
    'x-freehold-environment': environment,
    ...(credential && { [credential.header]: credential.prefix + credential.value }),
  }
}

/** Resolves when the answer begins. */
async function send(
  { operatorAllow }: CallUpstreamParts,
  route: ServerRoute,
  call: ServiceCall,
  url: URL,
  headers: Record<string, string>,
): Promise<Dispatcher.ResponseData> {
  const late = new AbortController()
  const signal = AbortSignal.any([call.signal, late.signal])
  let body: Readable | null = null
  const timer = setTimeout(() => late.abort(lateness(body, route.timeoutMs)), route.timeoutMs)
  try {
    const policy = { operatorAllow, tenantAllowedHosts: route.allowedHosts }
    const { url: checked, addresses } = await checkTarget(url, policy, signal)
    const client = new Client(checked.origin, { pipelining: 0, connect: pinnedConnector(addresses, signal) })
    // Only now, since it may fail from here on and the request listens.
    body = call.body && Readable.from(readBody(call.body), { objectMode: false })
    // Once the answer has been read.
    const closing = () => void client.close().catch(() => {})
    const request = client.request({
      method: call.method as Dispatcher.HttpMethod,
      path: checked.pathname + checked.search,
      headers,
      body,
      signal,
      headersTimeout: 0,
      bodyTimeout: route.upstream.kind === 'mcp' ? Math.max(route.timeoutMs, streamPauseMs) : route.timeoutMs,
    })
    return await request.finally(closing)
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    clearTimeout(timer)
  }
}

/** A caller who leaves in the middle of a body is no failure of the upstream, which would look like one to the request. */
async function* readBody(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk
  } catch (cause) {
    if (cause instanceof FreeholdError) throw cause
    throw new FreeholdError('invalid_request', 'body: was cut off. Send it again.', { cause, retryable: true })
  }
}

/** Who is late: a caller who owes the rest of the body, which the upstream was ready to take, or else the upstream. */
function lateness(body: Readable | null, timeoutMs: number): Error {
  const isOwed = body?.readableFlowing === true && body.readableLength === 0 && !body.readableEnded
  if (!isOwed) return new EgressError('timeout', 'no answer in time')
  return new FreeholdError('invalid_request', `body: did not arrive within ${timeoutMs} ms. Send it faster.`)
}

/** What the guard forbids fails before the upstream is asked. */
function isAway(error: unknown): boolean {
  if (error instanceof EgressError) return error.code === 'timeout' || error.code === 'unresolved'
  return !(error instanceof FreeholdError)
}

function explain(error: unknown, { service, timeoutMs }: ServerRoute, call: ServiceCall, openMs: number): unknown {
  if (call.signal.aborted) return call.signal.reason
  // Of the body, which the gateway limits, and which can be late or cut off.
  if (error instanceof FreeholdError) return error
  const retryable = repeatable.has(call.method)
  if (error instanceof BrokenCircuitError) {
    const message = `The service "${service}" failed ${failures} times in a row and is left alone. Try again in a moment.`
    return new FreeholdError('unavailable', message, { retryable: true, retryAfterSeconds: openMs / 1_000 })
  }
  if (error instanceof EgressError && error.code === 'timeout') {
    const message = `The service "${service}" did not answer within ${timeoutMs} ms.`
    return new FreeholdError('upstream_timeout', message, { retryable, cause: error })
  }
  if (error instanceof EgressError) return new FreeholdError('upstream_failed', error.message, { retryable: false })
  const message = `The service "${service}" could not be reached. Its owner can check the upstream.`
  return new FreeholdError('upstream_failed', message, { retryable, cause: error })
}

function respond(
  { statusCode: status, headers: received, body }: Dispatcher.ResponseData,
  { service, upstream }: ServerRoute,
  call: ServiceCall,
  asked: URL,
  redact: (text: string) => string,
): Response {
  try {
    if (status < 200 || status > 599) throw noStatus(service, status)
    const headers = toCaller(received, redact)
    const place = { status, asked, base: new URL(upstream.url), path: `/api/v1/${service}` }
    const location = locationFor([received.location].flat()[0], place)
    if (location !== undefined) headers.set('location', redact(location))
    if (call.method !== 'HEAD' && !withoutBody.has(status)) {
      return new Response(toWebStream(body), { status, headers })
    }
    discard(body)
    // RFC 9110, section 8.6.
    if (status === 204) headers.delete('content-length')
    return new Response(null, { status, headers })
  } catch (error) {
    discard(body)
    throw error
  }
}

function noStatus(service: string, status: number): FreeholdError {
  const message = `The service "${service}" answered with the status ${status}, which HTTP does not have. Its owner can check the upstream.`
  return new FreeholdError('upstream_failed', message, { retryable: false })
}

/** It ends with an error that nobody waits for. */
function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => {}).destroy()
}
