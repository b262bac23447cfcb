import { FreeholdError } from '@freehold/contracts/browser'
import { requestOfDigest } from '../api/request-digest.ts'

interface Described {
  title: string
  /** What to do next. */
  next: string
  requestId: string | undefined
}

const titles: Partial<Record<string, string>> = {
  invalid_request: 'That is not valid yet',
  unauthenticated: 'You are signed out',
  permission_denied: 'You may not do that',
  tenant_suspended: 'This tenant is suspended',
  not_found: 'Not found',
  conflict: 'That conflicts with what is there',
  quota_exceeded: 'The plan allows no more',
  rate_limited: 'Too many requests',
  queue_full: 'The queue is full',
  unavailable: 'The platform is not available',
}

/** What went wrong, in words for a person: the API's own message says what to do. */
export function describeError(error: unknown): Described {
  if (error instanceof FreeholdError) {
    return { title: titles[error.code] ?? 'Something went wrong', next: error.message, requestId: error.requestId }
  }
  // What `fetch` throws when nobody answers.
  if (error instanceof TypeError) {
    return { title: 'No connection', next: 'Check your network and try again.', requestId: undefined }
  }
  const requestId = error instanceof Error && 'digest' in error ? requestOfDigest(error.digest) : undefined
  return { title: 'Something went wrong', next: 'Try again, or reload the page.', requestId }
}
