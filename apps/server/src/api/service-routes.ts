import { FreeholdError, fromZodError, isTerminalStatus, readServicePath, startRunSchema } from '@freehold/contracts'
import { findServiceRoute, type ServiceRoute, startServiceRun } from '@freehold/core'
import type { ServerRoute, ServiceCall } from '@freehold/runtime'
import type { Context } from 'hono'
import type { TakeRequest } from '../gateway/rate-store.ts'
import { type ApiVariables, callerOf } from './caller.ts'
import type { ApiApp, ApiParts } from './parts.ts'
import { readJson } from './read-json.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Routes `/api/v1/{service}/…` to what a team registered. Mounted after the operations, so none of them can be taken over. */
export function mountServices(app: ApiApp, parts: ApiParts): void {
  app.all('/api/v1/*', async (c, next) => {
    const path = readServicePath(new URL(c.req.url).pathname)
    if (!path) return next()
    const caller = callerOf(parts.platform, c.get('claims'), 'services:call', c.req.header('x-team-id'))
    const route = await findServiceRoute(caller, path.service, c.req.header('x-environment'))
    await assertWithinLimit(parts.takeCall, route)
    const call = readCall(c, parts, path.rest)
    assertMethod(call.method, route.upstream.kind === 'agent' ? ['POST'] : methods)
    if (isForServer(route)) return parts.callUpstream(route, call)
    return callAgent(caller, route, call, c)
  })
}

function readCall(c: Context<{ Variables: ApiVariables }>, { shutdown }: ApiParts, rest: string): ServiceCall {
  const { method, headers, body, url, signal } = c.req.raw
  const { actor, requestId } = c.get('claims')
  return {
    method,
    headers,
    body,
    rest,
    search: new URL(url).search,
    actor: `${actor.kind}:${actor.id}`,
    requestId,
    signal: AbortSignal.any([signal, shutdown]),
  }
}

function isForServer(route: ServiceRoute): route is ServerRoute {
  return route.upstream.kind !== 'agent'
}

async function assertWithinLimit(take: TakeRequest, route: ServiceRoute): Promise<void> {
  const { tenantId, service, requestsPerSecond } = route
  if (requestsPerSecond === null) return
  const bucket = { intervalMs: 1_000 / requestsPerSecond, burst: Math.ceil(requestsPerSecond) }
  const [level] = await take([{ key: `service:${tenantId}:${service}`, ...bucket }])
  if (!level || level.waitMs === 0) return
  const retryAfterSeconds = Math.max(1, Math.ceil(level.waitMs / 1_000))
  const message = `Too many requests for the service "${service}". Try again in ${retryAfterSeconds} s.`
  throw new FreeholdError('rate_limited', message, { retryAfterSeconds, retryable: true })
}

function assertMethod(method: string, allowed: readonly string[]): void {
  if (allowed.includes(method)) return
  throw new FreeholdError('method_not_allowed', `This service takes ${allowed.join(', ')}, not ${method}.`)
}

const messageSchema = startRunSchema.pick({ message: true, metadata: true, user: true })

/** Starts a run and answers with its output. */
async function callAgent(
  caller: ReturnType<typeof callerOf>,
  route: ServiceRoute,
  call: ServiceCall,
  c: Context,
): Promise<Response> {
  const { service, upstream, timeoutMs } = route
  if (call.rest !== '' && call.rest !== '/') {
    throw new FreeholdError('not_found', `An agent is called at /api/v1/${service}, and at nothing below it.`)
  }
  const parsed = messageSchema.safeParse(await readJson(c.req.raw))
  if (!parsed.success) throw fromZodError(parsed.error, 'body')
  const agent = upstream.kind === 'agent' ? upstream.agent : ''
  const run = await startServiceRun(caller, route, { agent, ...parsed.data }, call.signal)
  if (run.status === 'succeeded') return c.json({ runId: run.id, output: run.output })
  if (!isTerminalStatus(run.status) || run.error?.code === 'deadline_exceeded') {
    const message = `The service "${service}" did not answer within ${timeoutMs} ms. Its run is ${run.id}.`
    throw new FreeholdError('upstream_timeout', message, { retryable: false })
  }
  const message = `The service "${service}" failed: its run ${run.id} is ${run.status}.`
  throw new FreeholdError('upstream_failed', message, { retryable: false })
}
