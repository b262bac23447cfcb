import { FreeholdError, readServicePath } from '@freehold/contracts'
import { createTlsFetch } from '../tls/connect.ts'
import type { TlsIdentity } from '../tls/identity.ts'

/** Of our own operations; a service gets whatever its callers send, but not their credentials. */
const forwardedHeaders = ['accept', 'content-type', 'idempotency-key', 'last-event-id', 'x-team-id']
/** What sign-in needs besides: its sessions, and where the page is that asks. */
const signInHeaders = ['accept', 'content-type', 'cookie', 'origin', 'referer', 'user-agent', ...fetchMetadata()]

type Api = (request: Request) => Promise<Response>

/** Sends a request on to the api with a service token in place of the caller's credentials. */
export function forward(request: Request, api: Api, token: string): Promise<Response> {
  const isForService = readServicePath(new URL(request.url).pathname) !== undefined
  return pass(request, isForService ? headersForService(request.headers) : forwardedHeaders, api, token)
}

/** Sends what someone signs in with on to the api. */
export async function forwardSignIn(request: Request, api: Api, token: string): Promise<Response> {
  const response = await pass(request, signInHeaders, api, token)
  response.headers.set('cache-control', 'no-store')
  return response
}

function fetchMetadata(): string[] {
  return ['site', 'mode', 'dest'].map((name) => `sec-fetch-${name}`)
}

function pass(request: Request, names: readonly string[], api: Api, token: string): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const headers = new Headers({ authorization: `Bearer ${token}` })
  for (const name of names) {
    const value = request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  return api(
    new Request(`http://api${pathname}${search}`, {
      method: request.method,
      headers,
      body: request.body,
      signal: request.signal,
      // A streamed body needs it; the types of `fetch` don't know it yet.
      ...(request.body && { duplex: 'half' }),
    }),
  )
}

/** Those of the connection are for the gateway, and so is what says who calls. */
const keptHeaders: ReadonlySet<string> = new Set([
  ...['authorization', 'cookie', 'x-tenant-id', 'x-request-id', 'host', 'content-length', 'accept-encoding'],
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
])

function headersForService(headers: Headers): string[] {
  const named = (headers.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase())
  return [...headers.keys()].filter((name) => !keptHeaders.has(name) && !named.includes(name))
}

/** The api behind HTTP, as a function that takes the same requests as the api in this process. */
export function remoteApi(apiUrl: string, tls?: TlsIdentity): (request: Request) => Promise<Response> {
  const send = tls ? createTlsFetch(tls) : (request: Request) => fetch(request, { redirect: 'manual' })
  return async (request) => {
    const { pathname, search } = new URL(request.url)
    try {
      const response = await send(new Request(new URL(pathname + search, apiUrl), request))
      // The headers of a fetched response can't be added to; the gateway adds its own.
      return new Response(response.body, { status: response.status, headers: endToEnd(response.headers) })
    } catch (error) {
      request.signal.throwIfAborted()
      throw new FreeholdError('unavailable', 'The api can not be reached right now. Try again in a moment.', {
        cause: error,
        retryAfterSeconds: 2,
      })
    }
  }
}

/** `fetch` has undone the encoding and the framing already. */
function endToEnd(headers: Headers): Headers {
  const kept = new Headers(headers)
  for (const name of ['connection', 'content-encoding', 'content-length', 'keep-alive', 'transfer-encoding'])
    kept.delete(name)
  return kept
}
