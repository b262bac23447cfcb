import { randomUUID } from 'node:crypto'
import { BlockList } from 'node:net'
import { buildOpenApiDocument, FreeholdError, type Operation, operations } from '@freehold/contracts'
import type { connectRedis } from '@freehold/core'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'
import type { Logger } from 'pino'
import { requestLog } from '../http/request-log.ts'
import { problemResponse } from '../http/respond.ts'
import { claimsOf, gatewayClaims, type MintToken } from '../service-token.ts'
import { type Origins, originOfHost } from '../sign-in/origins.ts'
import { version } from '../version.ts'
import { createForeignHostReader } from './asked-host.ts'
import { createClientAddress } from './client-address.ts'
import type { Dashboard } from './dashboard.ts'
import { renderDocs } from './docs-page.ts'
import { forward, forwardSignIn } from './forward.ts'
import { assertOwnPage, type Credential, createIdentifier, readBearer, readSession } from './identify.ts'
import { mountPublic, secureLogos } from './public.ts'
import { createLimiter } from './rate-limit.ts'

const maxBodyBytes = 1024 * 1024
/** What can be guessed at, and what sends somebody a mail. */
const attempts =
  /^\/auth\/(sign-in|sign-up|two-factor|passkey|request-password|reset-password|change-password|verify-password|send-)/
const mails = /^\/auth\/(sign-up|request-password|send-)/

export interface GatewayParts {
  mint: MintToken
  logger: Logger
  /** The api, in this process or behind HTTP: the gateway can't tell. */
  api: (request: Request) => Promise<Response>
  corsOrigins: string[]
  /** Whose word for the address of a caller counts; nobody's when absent. */
  trustedProxies?: BlockList
  /** Whose pages may act with a session, beside those of the tenants' hosts. */
  origins: Origins
  rateLimitPerMinute: number
  signInAttemptsPerMinute: number
  /** Where all gateways count together; each for itself when absent. */
  redis?: ReturnType<typeof connectRedis> | undefined
  /** Answers pages; without it there are none. */
  dashboard?: Pick<Dashboard, 'answer'> | undefined
}

interface GatewayVariables {
  requestId: string
  /** The header fields that tell a caller its limits. */
  rateLimit?: Record<string, string>
}

/** Who are you, may you, how often. Knows no database and no provider key. */
export function createGateway(parts: GatewayParts): Hono<{ Variables: GatewayVariables }> {
  const app = new Hono<{ Variables: GatewayVariables }>()
  const identify = createIdentifier(parts)
  const foreignHost = createForeignHostReader(parts.origins)
  const limiter = createLimiter(parts.rateLimitPerMinute, parts.signInAttemptsPerMinute, parts.redis)
  const clientAddress = createClientAddress(parts.trustedProxies ?? new BlockList())
  const openApi = buildOpenApiDocument(version)

  app.use(async function assignRequestId(c, next) {
    const given = c.req.header('x-request-id') ?? ''
    c.set('requestId', /^[\w.-]{8,64}$/.test(given) ? given : randomUUID())
    await next()
    c.res.headers.set('x-request-id', c.get('requestId'))
    for (const [name, value] of Object.entries(c.get('rateLimit') ?? {})) c.res.headers.set(name, value)
  })
  app.use(requestLog(parts.logger))
  secureLogos(app)
  const secure = secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], styleSrc: ["'unsafe-inline'"], frameAncestors: ["'none'"] },
    strictTransportSecurity: 'max-age=63072000; includeSubDomains',
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
  })
  app.use(async function secureAnswers(c, next) {
    await next()
    // Pages of the dashboard have their own, with a nonce for each.
    const isSecured = isPage(c.req.path) && c.res.headers.has('content-security-policy')
    if (!isSecured) await secure(c, async () => {})
  })
  app.use(
    cors({
      origin: parts.corsOrigins,
      // The session, for pages of origins that are listed.
      credentials: true,
      allowHeaders: [
        ...['authorization', 'content-type', 'idempotency-key', 'last-event-id'],
        ...['x-environment', 'x-team-id', 'x-tenant-id'],
      ],
      exposeHeaders: ['ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
    }),
  )
  const limitBody = bodyLimit({ maxSize: maxBodyBytes, onError: () => refuseBody(maxBodyBytes) })
  app.use(async function limitBodyOrUpload(c, next) {
    const maxBytes = uploadLimit(c.req.method, c.req.path)
    if (maxBytes === undefined) return limitBody(c, next)
    // It is passed on as it comes, and counted by what reads it.
    if (Number(c.req.header('content-length') ?? 0) > maxBytes) refuseBody(maxBytes)
    await next()
  })

  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', () => parts.api(new Request('http://api/ready')))
  app.get('/api/v1/docs', (c) => c.html(renderDocs(openApi)))
  mountPublic(app, { mint: parts.mint, api: parts.api, limiter, foreignHost, clientAddress, openApi })
  for (const surface of ['/api/v1/*', '/agui/*']) {
    app.all(surface, async (c) => {
      const requestId = c.get('requestId')
      const address = clientAddress(c)
      const host = foreignHost(c.req.raw)
      const credential = readCredential(c.req.raw, parts.origins, host)
      const tenant = c.req.header('x-tenant-id')
      const identity = await limiter.guard(address, () => identify(credential, tenant, requestId))
      const { headers, refusal } = await limiter.count(identity)
      c.set('rateLimit', headers)
      if (refusal) throw refusal
      return forward(c.req.raw, parts.api, await parts.mint(claimsOf(identity, requestId, address)))
    })
  }
  app.all('/auth/*', async (c) => {
    const address = clientAddress(c)
    const answer = async () =>
      forwardSignIn(
        c.req.raw,
        parts.api,
        await parts.mint(gatewayClaims(c.get('requestId'), address, foreignHost(c.req.raw))),
      )
    if (c.req.method !== 'POST' || !attempts.test(c.req.path)) return answer()
    return limiter.guardSignIn(address, answer, { sendsMail: mails.test(c.req.path) })
  })
  const { dashboard } = parts
  if (dashboard)
    app.get('*', (c, next) => (isPage(c.req.path) ? dashboard.answer(c.req.raw, clientAddress(c)) : next()))
  else app.get('/', (c) => c.redirect('/api/v1/docs'))
  app.notFound(() => {
    throw new FreeholdError('not_found', 'There is nothing at this path. GET /api/v1/openapi.json lists what there is.')
  })
  app.onError((error, c) => {
    const requestId = c.get('requestId')
    if (!(error instanceof FreeholdError) || error.cause)
      parts.logger.error({ err: error, requestId }, 'request failed')
    return problemResponse(error, requestId)
  })
  return app
}

/** What the dashboard answers: all that is not the platform's own. */
function isPage(path: string): boolean {
  return !/^\/(api|auth|agui|a2a|openai|mcp|health|ready|metrics|\.well-known)(\/|$)/.test(path)
}

/** A key or a token that is sent on purpose goes before a session that the browser adds. */
function readCredential(request: Request, origins: Origins, host: string | undefined): Credential | undefined {
  const authorization = request.headers.get('authorization') ?? undefined
  if (authorization !== undefined) return readBearer(authorization)
  const session = readSession(request.headers.get('cookie') ?? undefined)
  if (!session) return undefined
  const ofHost = host === undefined ? [] : [originOfHost(host, origins.publicUrl)]
  assertOwnPage(request, [...origins.trustedOrigins, ...ofHost])
  return { ...session, host }
}

function refuseBody(maxBytes: number): never {
  throw new FreeholdError('payload_too_large', `A request body can have ${maxBytes} bytes at the most.`)
}

/** How much an operation that takes an upload takes; undefined for every other one. */
function uploadLimit(method: string, path: string): number | undefined {
  return Object.values<Operation>(operations).find(
    (operation) => operation.upload && operation.method.toUpperCase() === method && `/api/v1${operation.path}` === path,
  )?.upload?.maxBytes
}
