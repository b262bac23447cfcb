import { FreeholdError } from '@freehold/contracts/browser'
import { explain } from './explain.ts'

/** What sign-in refused, with its own code for why. */
export class AuthError extends FreeholdError {
  readonly reason: string | undefined

  constructor(status: number, reason: string | undefined, message: string) {
    super(status === 429 ? 'rate_limited' : 'invalid_request', message)
    this.reason = reason
  }
}

/** Calls a route of sign-in. Throws `AuthError` with what to do about it. */
export async function callAuth<T = unknown>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(`/auth/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json().catch(() => null)
  // Whoever calls it knows what the route answers.
  if (response.ok) return answer as T
  const { code, detail, message } = (answer ?? {}) as { code?: string; detail?: string; message?: string }
  // The gateway's problem documents say `detail`, Better Auth says `message`.
  throw new AuthError(response.status, code, explain(code) ?? detail ?? message ?? 'That did not work. Try again.')
}

/** Ends the session, and leaves nothing of what was seen. */
export async function signOut(next = '/sign-in'): Promise<void> {
  await callAuth('sign-out', {})
  window.location.assign(next)
}
