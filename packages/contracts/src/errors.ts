import type { Problem } from './problem.ts'

/** The closed list of what can go wrong with a request, and the HTTP status of each. */
export const errorStatus = {
  invalid_request: 400,
  unauthenticated: 401,
  permission_denied: 403,
  tenant_suspended: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  rate_limited: 429,
  queue_full: 429,
  quota_exceeded: 403,
  internal: 500,
  upstream_failed: 502,
  unavailable: 503,
  upstream_timeout: 504,
} as const

/** Why a run ended as `failed`. */
export const runFailureCodes = [
  'approval_expired',
  'deadline_exceeded',
  'budget_exceeded',
  'price_unknown',
  'step_limit_reached',
  'model_failed',
  'model_refused',
  'model_unavailable',
  'tool_unavailable',
  'child_failed',
  'delivery_failed',
  'program_failed',
  'program_changed',
  'program_unknown',
  'worker_lost',
  'attempt_timed_out',
] as const

export type ErrorCode = keyof typeof errorStatus
export type RunFailureCode = (typeof runFailureCodes)[number]

export interface FieldProblem {
  /** Dotted path of the field in the request, such as `body.limits.maxSteps`. */
  field: string
  message: string
}

interface ErrorOptions {
  /** Internal: logged, never sent. */
  cause?: unknown
  /** Whether the same request may succeed later. */
  retryable?: boolean
  retryAfterSeconds?: number
  fields?: FieldProblem[]
  /** The request that failed, when the error came over the wire. */
  requestId?: string
}

/** The one error of the platform. `message` is public: it tells a person what to do next. */
export class FreeholdError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly retryAfterSeconds: number | undefined
  readonly fields: FieldProblem[] | undefined
  readonly requestId: string | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'FreeholdError'
    this.code = code
    this.retryable = options.retryable ?? errorStatus[code] >= 500
    this.retryAfterSeconds = options.retryAfterSeconds
    this.fields = options.fields
    this.requestId = options.requestId
  }

  get status(): number {
    return errorStatus[this.code]
  }
}

const titles: Record<ErrorCode, string> = {
  invalid_request: 'The request is not valid',
  unauthenticated: 'Credentials are missing or not valid',
  permission_denied: 'The credentials do not allow this',
  tenant_suspended: 'The tenant is suspended',
  not_found: 'Not found',
  method_not_allowed: 'The path does not take this method',
  conflict: 'The request conflicts with what exists',
  payload_too_large: 'The request body is too large',
  unsupported_media_type: 'The request body must be JSON',
  idempotency_key_reused: 'The Idempotency-Key belongs to another request',
  rate_limited: 'Too many requests',
  queue_full: 'The queue of the tenant is full',
  quota_exceeded: 'The plan of the tenant allows no more',
  internal: 'Something went wrong on our side',
  upstream_failed: 'The service behind this path failed',
  unavailable: 'The service is not available right now',
  upstream_timeout: 'The service behind this path did not answer in time',
}

/** Renders any thrown value as a problem document; the text of an unknown error never leaves the process. */
export function toProblem(error: unknown, requestId: string): Problem {
  const known =
    error instanceof FreeholdError
      ? error
      : new FreeholdError('internal', 'Try again; if it happens again, report the request id.')
  return {
    type: `https://freehold.dev/problems/${known.code}`,
    title: titles[known.code],
    status: known.status,
    code: known.code,
    detail: known.message,
    requestId,
    retryable: known.retryable,
    ...(known.fields && { fields: known.fields }),
  }
}
