import { Agent, fetch as undiciFetch } from 'undici'
import { checkTarget, type EgressPolicy } from './check-target.ts'
import { pinnedConnector } from './pinned-connector.ts'

/**
 * A `fetch` through the egress guard, for libraries that want one and read its answer as it arrives. It follows no redirect,
 * and each request has a connection of its own. Throws `EgressError` for what the guard refuses.
 */
export function createGuardedStream(policy: EgressPolicy): typeof fetch {
  return async (input, init) => {
    const signal = init?.signal ?? new AbortController().signal
    const target = await checkTarget(new URL(input instanceof Request ? input.url : input), policy, signal)
    const agent = new Agent({ connect: pinnedConnector(target.addresses, signal) })
    try {
      return await sendBy(agent, target.url, { ...init, redirect: 'error' })
    } finally {
      // Once the answer has been read.
      void agent.close().catch(() => {})
    }
  }
}

/** Node's own `fetch` is undici's: the classes are the same in all that their types promise. */
async function sendBy(agent: Agent, url: URL, init: object): Promise<Response> {
  const answer = await undiciFetch(url, { ...init, dispatcher: agent })
  return answer as unknown as Response
}
