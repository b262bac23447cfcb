import { FreeholdError, fromZodError, type Operation, type OperationId, operations } from '@freehold/contracts'
import { authorizeOperation, brandOf } from '@freehold/core'
import { Hono } from 'hono'
import type { z } from 'zod'
import { mountAgui } from '../agui/routes.ts'
import { requestLog, withoutToken } from '../http/request-log.ts'
import { problemResponse } from '../http/respond.ts'
import { isStorable } from '../http/storable.ts'
import { originOfHost } from '../sign-in/origins.ts'
import { callerOf, requireServiceToken } from './caller.ts'
import { type HandlerContext, handlers } from './handlers.ts'
import { readIdempotency } from './idempotency.ts'
import { identify } from './identify.ts'
import type { ApiApp, ApiParts } from './parts.ts'
import { mountPublic } from './public.ts'
import { readJson } from './read-json.ts'
import { mountServices } from './service-routes.ts'
import { mountSignIn } from './sign-in.ts'

/** The system of record over HTTP. Takes requests from the gateway only. */
export function createApi(parts: ApiParts): ApiApp {
  const app: ApiApp = new Hono()
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', async (c) => {
    await parts.platform.database.call('ready', 'select 1', [])
    return c.json({ status: 'ready' })
  })
  app.use(requestLog(parts.logger))
  app.use(requireServiceToken(parts.verify))
  app.post('/internal/identify', async (c) => c.json(await identify(parts, c.get('claims'), c.req.raw)))
  mountPublic(app, parts)
  mountSignIn(app, parts)
  for (const [id, operation] of Object.entries<Operation>(operations)) {
    // `operations` and its entries' names come from one object.
    mountOperation(app, parts, id as OperationId, operation)
  }
  refuseOtherMethods(app)
  mountAgui(app, parts)
  mountServices(app, parts)
  app.notFound(() => {
    throw new FreeholdError('not_found', 'There is nothing at this path. GET /api/v1/openapi.json lists what there is.')
  })
  app.onError((error, c) => {
    const requestId = c.get('requestId') ?? 'unknown'
    if (!(error instanceof FreeholdError) || error.status >= 500) {
      parts.logger.error({ err: error, requestId, path: withoutToken(c.req.path) }, 'request failed')
    }
    return problemResponse(error, requestId)
  })
  return app
}

/** Mounted after the operations, so it gets what none of them took. */
function refuseOtherMethods(app: ApiApp): void {
  for (const path of new Set(Object.values<Operation>(operations).map((operation) => operation.path))) {
    const methods = Object.values<Operation>(operations)
      .filter((operation) => operation.path === path)
      .map(({ method }) => method.toUpperCase())
      .join(', ')
    app.all(routeOf(path), (c) => {
      const error = new FreeholdError('method_not_allowed', `This path takes ${methods}, not ${c.req.method}.`)
      const response = problemResponse(error, c.get('requestId'))
      response.headers.set('allow', methods)
      return response
    })
  }
}

function routeOf(path: string): string {
  return `/api/v1${path.replace(/\{(\w+)\}/g, ':$1')}`
}

/** In the name of a tenant. */
async function sendBranded(
  { platform, mail, whiteLabel: { house } }: ApiParts,
  tenantId: string | null,
  write: Parameters<HandlerContext['sendMail']>[0],
): Promise<void> {
  if (tenantId === null) throw new Error('a mail of no tenant')
  const brand = await brandOf(platform.database, tenantId)
  const url = brand.host === null ? mail.publicUrl : originOfHost(brand.host, mail.publicUrl)
  await mail.send(write({ url, hasPages: mail.hasPages, brand: { ...brand, name: brand.name ?? house.name } }))
}

function mountOperation(app: ApiApp, parts: ApiParts, id: OperationId, operation: Operation): void {
  // The table ties each handler's types to its operation's schemas, by which the request is parsed below.
  const handler = handlers[id] as (caller: unknown, request: unknown, context: HandlerContext) => Promise<unknown>
  app.on(operation.method.toUpperCase(), routeOf(operation.path), async (c) => {
    const caller = callerOf(parts.platform, c.get('claims'), operation.permission, c.req.header('x-team-id'))
    await authorizeOperation(caller, operation)
    const params = parse(operation.params, c.req.param(), 'path')
    const query = parse(operation.query, storable(c.req.query()), 'query')
    const sent = operation.body && (await readJson(c.req.raw))
    const body = parse(operation.body, sent, 'body')
    const asked = { params: c.req.param(), query: c.req.query(), body: sent }
    const idempotency = readIdempotency(caller, id, operation, c.req.raw.headers, asked)
    const signal = AbortSignal.any([c.req.raw.signal, parts.shutdown])
    const { anchors, whiteLabel, flags } = parts
    const sendMail: HandlerContext['sendMail'] = (write, ofTenant) =>
      void sendBranded(parts, ofTenant ?? caller.tenantId, write).catch((error: unknown) =>
        parts.logger.error({ err: error }, 'a mail was not sent'),
      )
    const context = { request: c.req.raw, signal, idempotency, anchors, whiteLabel, flags, sendMail }
    const result = await handler(caller, { params, query, body }, context)
    return result instanceof Response ? result : c.json(result as object, operation.status as 200)
  })
}

/** No text of the database holds a NUL, so none can be looked for either. */
function storable(query: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(query)) {
    if (value.includes('\0'))
      throw new FreeholdError('invalid_request', `query.${name}: holds a NUL character; remove it`)
  }
  return query
}

function parse(schema: z.ZodType | undefined, value: unknown, location: string): unknown {
  if (!schema) return undefined
  const parsed = schema.safeParse(value)
  // A malformed id names nothing, and must not be told apart from another tenant's.
  if (location === 'path' && !(parsed.success && isStorable(value)))
    throw new FreeholdError('not_found', 'There is nothing with this name or id.')
  if (parsed.success) return parsed.data
  throw fromZodError(parsed.error, location)
}
