import { FreeholdError } from '@freehold/contracts'
import { quotaExceeded } from '../quotas/quota-exceeded.ts'

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '53300', // too_many_connections
  '40P01', // deadlock_detected
  '40001', // serialization_failure
  '25006', // read_only_sql_transaction: the server became a standby
  '57014', // query_canceled: by statement_timeout
])

/** The SQLSTATE or system code of what the driver threw. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Of a constraint, or of any. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (codeOf(error) !== '23505') return false
  return constraint === undefined || (error as { constraint?: unknown }).constraint === constraint
}

export function isCheckViolation(error: unknown): boolean {
  return codeOf(error) === '23514'
}

/** Of a constraint, or of any. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  if (codeOf(error) !== '23503') return false
  return constraint === undefined || (error as { constraint?: unknown }).constraint === constraint
}

/** Whether a row-level policy refused a row that was to be written. */
export function isPolicyViolation(error: unknown): boolean {
  return codeOf(error) === '42501' && error instanceof Error && error.message.includes('row-level security')
}

/** Whether the driver gave up waiting for the answer to a query. */
export function isQueryTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}

/** Whether the database refused a value: malformed (22), against a constraint (23), or beyond a limit (54). */
export function isDataError(error: unknown): boolean {
  return /^(22|23|54)[0-9A-Z]{3}$/.test(codeOf(error) ?? '')
}

/** Names the faults that a caller can wait out; everything else stays as it is. */
export function translateDatabaseError(error: unknown): unknown {
  const code = codeOf(error)
  if (code === 'FHQ01') return quotaExceeded(JSON.parse((error as { detail?: string }).detail ?? '{}'))
  if (code === '53100' || code === 'ENOSPC') {
    return new FreeholdError('unavailable', 'The disk of the database is full. Free some space, then try again.', {
      cause: error,
    })
  }
  const lost = code?.startsWith('08') || (code !== undefined && unreachableCodes.has(code))
  const cut =
    error instanceof Error &&
    /Connection terminated|is not queryable|timeout exceeded when trying to connect/.test(error.message)
  if (lost || cut || isQueryTimeout(error)) {
    return new FreeholdError('unavailable', 'The database can not be reached right now. Try again in a moment.', {
      cause: error,
      retryAfterSeconds: 2,
    })
  }
  return error
}

/** What a team may see at the most, and somebody who acts for it tries to change. */
export function ownedElsewhere(cause?: unknown): FreeholdError {
  const message = 'This belongs to another team, or to the tenant as a whole. Ask for it to be given to your team.'
  return new FreeholdError('permission_denied', message, { cause })
}
