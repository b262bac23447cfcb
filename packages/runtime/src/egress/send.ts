import { Client } from 'undici'
import type { CheckedTarget } from './check-target.ts'
import { EgressError } from './egress-error.ts'
import type { GuardedRequest, GuardedResponse } from './guarded-request.ts'
import { type Hop, isRedirect } from './hops.ts'
import { pinnedConnector } from './pinned-connector.ts'
import { acceptedEncodings, readBody } from './response-body.ts'

type Limits = Pick<GuardedRequest, 'signal' | 'maxResponseBytes'>

/**
 * Sends one hop over a connection of its own. Nothing is pooled: a kept connection would outlive the check of its address
 * and could be used under another tenant's policy. When this returns or throws, the socket is gone.
 */
export async function send(target: CheckedTarget, hop: Hop, limits: Limits): Promise<GuardedResponse> {
  const { url } = target
  const connection = new AbortController()
  const signal = AbortSignal.any([limits.signal, connection.signal])
  const client = new Client(url.origin, {
    pipelining: 0,
    connect: pinnedConnector(target.addresses, signal),
  })
  try {
    const answer = await client.request({
      method: hop.method,
      path: url.pathname + url.search,
      headers: { ...Object.fromEntries(hop.headers), 'accept-encoding': acceptedEncodings },
      body: hop.body ?? null,
      signal,
    })
    const headers = flattenHeaders(answer.headers)
    const status = answer.statusCode
    const bodiless = hop.method === 'HEAD' || isRedirect(status, headers.location) || statusesWithoutBody.has(status)
    const content =
      bodiless || limits.maxResponseBytes === 0
        ? noContent
        : await readBody(answer.body, headers, limits.maxResponseBytes)
    return { url: url.href, status, headers, ...content }
  } catch (error) {
    throw sendFailure(error, url.host, limits.signal)
  } finally {
    connection.abort()
    await client.destroy()
  }
}

const statusesWithoutBody: ReadonlySet<number> = new Set([204, 205, 304])
const noContent = { body: '', truncated: false }

function flattenHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

/** A cancelled caller gets its own reason back; everything else becomes an `EgressError` without internals. */
function sendFailure(error: unknown, host: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof EgressError) return error
  const code = errorCode(error)
  return new EgressError('unreachable', `${failureText(host, code)}${code === undefined ? '' : ` (${code})`}.`, {
    cause: error,
  })
}

function failureText(host: string, code: string | undefined): string {
  if (code === 'ECONNREFUSED') return `"${host}" refused the connection`
  if (code?.includes('TIMEDOUT') || code?.includes('TIMEOUT')) return `"${host}" did not answer in time`
  if (code?.startsWith('Z_')) return `The answer of "${host}" could not be decompressed`
  if (code !== undefined && /CERT|SIGNATURE|ALTNAME/.test(code))
    return `The TLS certificate of "${host}" is not trusted`
  return `The connection to "${host}" failed`
}

/** Node's and undici's codes are fixed words. With several addresses the failure of the first tells the most. */
function errorCode(error: unknown): string | undefined {
  if (error instanceof AggregateError) return errorCode(error.errors[0])
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
