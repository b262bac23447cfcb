import { FreeholdError, type Problem, toProblem } from '@freehold/contracts'

/** The one place where an error becomes an HTTP response. */
export function problemResponse(error: unknown, requestId: string): Response {
  const problem: Problem = toProblem(error, requestId)
  const headers = new Headers({ 'content-type': 'application/problem+json', 'x-request-id': requestId })
  if (error instanceof FreeholdError && error.retryAfterSeconds !== undefined) {
    headers.set('retry-after', String(Math.ceil(error.retryAfterSeconds)))
  }
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer')
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}
