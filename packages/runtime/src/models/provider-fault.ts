import { EgressError } from '../egress/index.ts'

/** Whose key a request goes out with. */
export interface Account {
  /** Where the key can be set, for messages to a person. */
  keyPlace: string
  /** Takes the key out of what a provider said. */
  redact: (text: string) => string
}

/** One failed request to a provider. `message` is public and reads on from the model's name: "answered 503". */
export class ProviderFault extends Error {
  /** Whether the same request may succeed a little later. */
  readonly retryable: boolean
  /** Whether the provider is to blame, so that it counts towards the circuit breaker. */
  readonly providerSide: boolean
  /** What the provider asked for. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, traits: FaultTraits) {
    super(message, { cause: traits.cause })
    this.name = 'ProviderFault'
    this.retryable = traits.retryable
    this.providerSide = traits.providerSide
    this.retryAfterMs = traits.retryAfterMs
  }
}

interface FaultTraits {
  retryable: boolean
  providerSide: boolean
  retryAfterMs?: number | undefined
  cause?: unknown
}

const brokenConnection = { retryable: true, providerSide: true }
const ourRequest = { retryable: false, providerSide: false }

export function timeoutFault(timeoutMs: number, answering: boolean): ProviderFault {
  // The limit is the agent's own. So a short one, or a long answer cut off, says nothing against the provider,
  // and one tenant's limits can't open the breaker for the others.
  const providerSide = !answering && timeoutMs >= 20_000
  return new ProviderFault(`took longer than ${timeoutMs / 1000} s`, { retryable: true, providerSide })
}

export function brokenStreamFault(cause?: Error): ProviderFault {
  return new ProviderFault('broke off its answer', { ...brokenConnection, cause })
}

/** Reads what an SDK threw or streamed as an error. `answering`: the provider had begun to answer. */
export function toProviderFault(error: unknown, account: Account, answering: boolean): ProviderFault {
  if (error instanceof ProviderFault) return error
  const status = statusOf(error)
  const cause = slim(error, account)
  if (status !== undefined && status >= 400) return statusFault(status, error, account)
  if (error instanceof EgressError) {
    const traits = error.code === 'unresolved' ? brokenConnection : ourRequest
    return new ProviderFault(`could not be called: ${error.message.replace(/\.$/, '')}`, { ...traits, cause })
  }
  if (answering) return brokenStreamFault(cause)
  if (networkCodeOf(error) !== undefined) {
    return new ProviderFault('could not be reached', { ...brokenConnection, cause })
  }
  if (status !== undefined) return brokenStreamFault(cause)
  return new ProviderFault('could not be called', { ...ourRequest, cause })
}

function statusFault(status: number, error: unknown, account: Account): ProviderFault {
  const body = bodyOf(error)
  const cause = slim(error, account)
  // Google answers 400 to a bad key.
  if (status === 401 || status === 403 || body.includes('API_KEY_INVALID')) {
    return new ProviderFault(`refused the key (${status}): check ${account.keyPlace}`, { ...ourRequest, cause })
  }
  if (status === 404) {
    return new ProviderFault('answered 404: no such model, or the key may not use it', { ...ourRequest, cause })
  }
  if (status === 429 && body.includes('insufficient_quota')) {
    return new ProviderFault('answered 429: the account has no credit left', { ...ourRequest, cause })
  }
  if (status === 429 || status === 408) {
    const traits = { retryable: true, providerSide: false, retryAfterMs: retryAfterOf(error), cause }
    return new ProviderFault(`answered ${status}${status === 429 ? ' (rate limit)' : ''}`, traits)
  }
  if (status >= 500) {
    return new ProviderFault(`answered ${status}`, { ...brokenConnection, retryAfterMs: retryAfterOf(error), cause })
  }
  const tooLong = /context_length_exceeded|prompt is too long|maximum context length|exceeds the maximum number/i
  const detail = tooLong.test(body) ? 'the conversation is too long for it' : 'it did not accept the request'
  return new ProviderFault(`answered ${status}: ${detail}`, { ...ourRequest, cause })
}

/** Both the SDK's `APICallError` and its stream errors carry `statusCode`; a bare error frame has a numeric `code`. */
function statusOf(error: unknown): number | undefined {
  const { statusCode, code } = fieldsOf(error)
  if (typeof statusCode === 'number') return statusCode
  if (typeof code === 'number' && code >= 400 && code < 600) return code
  return undefined
}

function bodyOf(error: unknown): string {
  const { responseBody, message, code } = fieldsOf(error)
  return [responseBody, message, code].filter((part) => typeof part === 'string').join(' ')
}

/** `retry-after-ms`, else `retry-after` in seconds or as an HTTP date (RFC 9110, section 10.2.3). */
export function retryAfterOf(error: unknown, now: number = Date.now()): number | undefined {
  const headers = fieldsOf(fieldsOf(error).responseHeaders)
  const milliseconds = toNumber(headers['retry-after-ms'])
  if (milliseconds !== undefined) return milliseconds
  const header = headers['retry-after']
  const seconds = toNumber(header)
  if (seconds !== undefined) return seconds * 1000
  const date = typeof header === 'string' && header.endsWith('GMT') ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function toNumber(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) && number >= 0 ? number : undefined
}

/**
 * Whether the provider can't have begun to work on a request that it hasn't begun to answer: it answered with an error,
 * no connection came about, or nothing was sent at all.
 */
export function isRefusedOutright(error: unknown): boolean {
  const status = statusOf(error)
  if (status !== undefined) return status >= 400
  const code = networkCodeOf(error)
  return code === undefined || unreachedCodes.has(code)
}

const unreachedCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

function networkCodeOf(error: unknown): string | undefined {
  let current = error
  for (let depth = 0; depth < 8 && current instanceof Error; depth++) {
    const { code } = fieldsOf(current)
    if (typeof code === 'string' && /^(UND_ERR_|E[A-Z_]+$)/.test(code) && !code.startsWith('ERR_')) return code
    current = current.cause
  }
  return undefined
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** The SDK's errors hold the whole request and quote the answer, which have no place in logs, nor has a key in it. */
function slim(error: unknown, { redact }: Account): Error {
  const { message } = fieldsOf(error)
  const status = statusOf(error)
  const text = redact(typeof message === 'string' ? message : String(error)).slice(0, 300)
  return new Error(status === undefined ? text : `${status}: ${text}`)
}
