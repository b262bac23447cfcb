import type { buildOpenApiDocument, PublicBranding } from '@freehold/contracts'
import type { Hono } from 'hono'
import { gatewayClaims, type MintToken } from '../service-token.ts'
import { askedHost } from './asked-host.ts'
import type { ClientAddress } from './client-address.ts'
import type { createLimiter } from './rate-limit.ts'

interface PublicParts {
  mint: MintToken
  api: (request: Request) => Promise<Response>
  limiter: Pick<ReturnType<typeof createLimiter>, 'guardPublic'>
  foreignHost: (request: Request) => string | undefined
  clientAddress: ClientAddress
  openApi: ReturnType<typeof buildOpenApiDocument>
}

const logos = '/api/v1/public/logos/:hash'

/** What a page shows before anybody has signed in. Mount it before what asks for credentials. */
export function mountPublic<V extends { requestId: string }>(
  app: Hono<{ Variables: V }>,
  { mint, api, limiter, foreignHost, clientAddress, openApi }: PublicParts,
): void {
  const ask = async (
    path: string,
    request: Request,
    requestId: string,
    known = request.headers.get('if-none-match'),
  ) => {
    const token = await mint(gatewayClaims(requestId, undefined, foreignHost(request)))
    const headers = new Headers({ authorization: `Bearer ${token}` })
    if (known !== null) headers.set('if-none-match', known)
    return api(new Request(`http://api${path}`, { headers, signal: request.signal }))
  }
  const brandingOf = (request: Request) => `/internal/branding?host=${encodeURIComponent(askedHost(request))}`
  app.get('/api/v1/public/branding', (c) =>
    limiter.guardPublic(clientAddress(c), () => ask(brandingOf(c.req.raw), c.req.raw, c.get('requestId'))),
  )
  app.get('/api/v1/openapi.json', (c) =>
    limiter.guardPublic(clientAddress(c), async () => {
      // What a client knows already is a description, and no branding.
      const answer = await ask(brandingOf(c.req.raw), c.req.raw, c.get('requestId'), null)
      if (!answer.ok) return answer
      // The api renders it from a `PublicBranding`.
      const { name } = (await answer.json()) as PublicBranding
      return c.json({ ...openApi, info: { ...openApi.info, title: name } })
    }),
  )
  app.get('/api/v1/public/sign-in', (c) =>
    limiter.guardPublic(clientAddress(c), () => ask('/internal/sign-in', c.req.raw, c.get('requestId'))),
  )
  app.get('/api/v1/public/invitations/:token', (c) =>
    limiter.guardPublic(clientAddress(c), () =>
      ask(`/internal/invitations/${encodeURIComponent(c.req.param('token'))}`, c.req.raw, c.get('requestId')),
    ),
  )
  app.get(logos, (c) =>
    limiter.guardPublic(clientAddress(c), () =>
      ask(`/internal/logos/${encodeURIComponent(c.req.param('hash'))}`, c.req.raw, c.get('requestId')),
    ),
  )
}

/** Somebody's bytes: nothing in them runs, whoever opens them. Goes before what sets the headers of all answers. */
export function secureLogos<V extends object>(app: Hono<{ Variables: V }>): void {
  app.use(logos, async function sandboxLogo(c, next) {
    await next()
    c.res.headers.set('content-security-policy', "default-src 'none'; sandbox")
    // Pages of other origins show it as well.
    c.res.headers.set('cross-origin-resource-policy', 'cross-origin')
  })
}
