import { FreeholdError } from '@freehold/contracts/browser'

/** Calls a route of sign-in. Throws `FreeholdError` with the server's message. */
export async function callAuth(path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`/auth/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json().catch(() => null)
  const fields = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
  if (response.ok) return fields
  // The gateway's problem documents say `detail`, Better Auth says `message`.
  const message = [fields.detail, fields.message].find((text) => typeof text === 'string')
  throw new FreeholdError(
    response.status === 429 ? 'rate_limited' : 'invalid_request',
    message ?? 'That did not work. Try again.',
  )
}
