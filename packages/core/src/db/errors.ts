import { FreeholdError } from '@freehold/contracts'

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
])

/** The SQLSTATE or system code of what the driver threw. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505'
}

export function isForeignKeyViolation(error: unknown): boolean {
  return codeOf(error) === '23503'
}

/** Names the faults that a caller can wait out; everything else stays as it is. */
export function translateDatabaseError(error: unknown): unknown {
  const code = codeOf(error)
  if (code === '53100' || code === 'ENOSPC') {
    return new FreeholdError('unavailable', 'The disk of the database is full. Free some space, then try again.', {
      cause: error,
    })
  }
  const lost = code?.startsWith('08') || (code !== undefined && unreachableCodes.has(code))
  const cut =
    error instanceof Error &&
    /Connection terminated|is not queryable|timeout exceeded when trying to connect/.test(error.message)
  if (lost || cut) {
    return new FreeholdError('unavailable', 'The database can not be reached right now. Try again in a moment.', {
      cause: error,
      retryAfterSeconds: 2,
    })
  }
  return error
}
