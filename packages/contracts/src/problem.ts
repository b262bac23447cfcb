import { z } from 'zod'
import { type ErrorCode, errorStatus, FreeholdError } from './errors.ts'
import { describeIssue } from './issue-words.ts'

// For every schema of the process, in whatever package: the words of a validator are for programmers.
z.config({ localeError: describeIssue })

/** An RFC 9457 problem document. */
export const problemSchema = z
  .object({
    type: z.string().meta({ example: 'https://freehold.dev/problems/not_found' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    requestId: z.string(),
    retryable: z.boolean(),
    fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

export type Problem = z.output<typeof problemSchema>

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

/** How a value fails to fit a JSON Schema, as far as zod can tell by one. */
export function findSchemaProblem(
  schema: Record<string, unknown>,
  value: unknown,
  location: string,
): FreeholdError | undefined {
  const parsed = z.fromJSONSchema(schema).safeParse(value)
  return parsed.success ? undefined : fromZodError(parsed.error, location)
}

/** Turns what zod found into one error that names every field. `location` is `body`, `query` or `path`. */
export function fromZodError(error: z.ZodError, location: string): FreeholdError {
  const fields = error.issues.map((issue) => ({
    field: [location, ...issue.path.map(String)].join('.'),
    message: issue.message,
  }))
  const summary = fields.map(({ field, message }) => `${field}: ${message}`).join('; ')
  return new FreeholdError('invalid_request', summary, { fields })
}
