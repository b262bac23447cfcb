import type { GuardedRequest, GuardedResponse } from '../egress/index.ts'
import type { ToolContext } from './tool.ts'

/** A context whose `fetch` says that the network is closed, unless it is given. */
export function toolContext(changes: Partial<ToolContext> = {}): ToolContext {
  return {
    tenantId: 'tenant',
    runId: 'run',
    step: '3',
    idempotencyKey: 'run:3',
    signal: new AbortController().signal,
    fetch: () => Promise.reject(new Error('the network is closed in this test')),
    openConnection: () => Promise.reject(new Error('there is no connection in this test')),
    ...changes,
  }
}

/** A context that answers each request with `response`, and the requests it got. */
export function answering(response: Partial<GuardedResponse>): { context: ToolContext; requests: GuardedRequest[] } {
  const requests: GuardedRequest[] = []
  const context = toolContext({
    fetch: async (request) => {
      requests.push(request)
      return { url: request.url, status: 200, headers: {}, body: '', truncated: false, ...response }
    },
  })
  return { context, requests }
}
