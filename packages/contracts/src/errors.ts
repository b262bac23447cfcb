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
