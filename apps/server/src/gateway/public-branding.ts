import type { Hono } from 'hono'
import { gatewayClaims, type MintToken } from '../service-token.ts'
import { clientAddress } from './client-address.ts'
import type { createLimiter } from './rate-limit.ts'

interface PublicParts {
  mint: MintToken
  api: (request: Request) => Promise<Response>
  limiter: Pick<ReturnType<typeof createLimiter>, 'guardPublic'>
}

const logos = '/api/v1/public/logos/:hash'
/** RFC 1035, section 2.3.4. */
const maxHostLength = 253

/** What a page shows before anybody has signed in. Mount it before what asks for credentials. */
export function mountPublicBranding<V extends { requestId: string }>(
  app: Hono<{ Variables: V }>,
  { mint, api, limiter }: PublicParts,
): void {
  const ask = async (path: string, request: Request, requestId: string) => {
    const headers = new Headers({ authorization: `Bearer ${await mint(gatewayClaims(requestId))}` })
    const known = request.headers.get('if-none-match')
    if (known !== null) headers.set('if-none-match', known)
    return api(new Request(`http://api${path}`, { headers, signal: request.signal }))
  }
  app.get('/api/v1/public/branding', (c) =>
    limiter.guardPublic(clientAddress(c), () =>
      ask(`/internal/branding?host=${encodeURIComponent(hostOf(c.req.raw))}`, c.req.raw, c.get('requestId')),
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

/** The host that was asked, without its port and in the one way of writing it; nothing for what is none. */
function hostOf(request: Request): string {
  const given = request.headers.get('host') ?? new URL(request.url).host
  const host = /^([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::\d{1,5})?$/i.exec(given.slice(0, maxHostLength + 1))?.[1] ?? ''
  return host.length <= maxHostLength ? host.toLowerCase() : ''
}
