import { checkTarget, type EgressPolicy } from './check-target.ts'
import { EgressError } from './egress-error.ts'
import type { GuardedFetch, GuardedRequest, GuardedResponse } from './guarded-request.ts'
import { firstHop, isRedirect, nextHop } from './hops.ts'
import { send } from './send.ts'

const maxRedirects = 5

/**
 * HTTP for tools, kept away from the operator's own network. Every hop is checked in full (`checkTarget`) and connects to the
 * addresses that were checked, and to no others. Throws `EgressError`; when `signal` aborts for another reason than a
 * timeout, throws that reason.
 */
export function createGuardedFetch(policy: EgressPolicy): GuardedFetch {
  return async (request) => {
    try {
      return await follow(request, policy)
    } catch (error) {
      throw timedOut(request.signal) ? new EgressError('timeout', timeoutText, { cause: error }) : error
    }
  }
}

const timeoutText = 'The request took longer than the time limit of this call.'

async function follow(request: GuardedRequest, policy: EgressPolicy): Promise<GuardedResponse> {
  request.signal.throwIfAborted()
  let hop = firstHop(request)
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const target = await checkTarget(hop.url, policy, request.signal)
    const response = await send(target, hop, request)
    const location = response.headers.location
    if (request.followRedirects === false || !isRedirect(response.status, location)) return response
    hop = nextHop(hop, response.status, location)
  }
  throw new EgressError('too_many_redirects', `The request was redirected more than ${maxRedirects} times.`)
}

function timedOut(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
}
