import { createHash } from 'node:crypto'
import { FreeholdError } from '@freehold/contracts'
import { findBranding, findInvitation, findLogo } from '@freehold/core'
import type { ServiceClaims } from '../service-token.ts'
import type { ApiApp, ApiParts } from './parts.ts'

/** What the gateway asks for on behalf of whoever opens a page, known or not. */
export function mountPublic(app: ApiApp, { platform: { database }, whiteLabel, signIn }: ApiParts): void {
  app.get('/internal/branding', async (c) => {
    assertGateway(c.get('claims'))
    const branding = await findBranding(database, c.req.query('host') ?? '', whiteLabel.house)
    const etag = `"${createHash('sha256').update(JSON.stringify(branding)).digest('base64url')}"`
    c.header('etag', etag)
    c.header('cache-control', 'public, max-age=60')
    c.header('vary', 'host')
    return isKnown(c.req.header('if-none-match'), etag) ? c.body(null, 304) : c.json(branding)
  })
  app.get('/internal/sign-in', async (c) => {
    const { host } = assertGateway(c.get('claims'))
    return c.json(await signIn.describe(host))
  })
  app.get('/internal/invitations/:token', async (c) => {
    assertGateway(c.get('claims'))
    const invitation = await findInvitation(database, c.req.param('token'), whiteLabel.house)
    if (!invitation) throw new FreeholdError('not_found', 'There is no invitation with this link, or not any more.')
    c.header('cache-control', 'no-store')
    return c.json(invitation)
  })
  app.get('/internal/logos/:hash', async (c) => {
    assertGateway(c.get('claims'))
    const hash = c.req.param('hash')
    const logo = /^[0-9a-f]{64}$/.test(hash) ? await findLogo(database, hash) : undefined
    if (!logo) throw new FreeholdError('not_found', 'There is no logo here, or not any more.')
    c.header('etag', `"${hash}"`)
    c.header('cache-control', 'public, max-age=31536000, immutable')
    c.header('content-type', logo.contentType)
    c.header('content-disposition', 'inline')
    return isKnown(c.req.header('if-none-match'), `"${hash}"`) ? c.body(null, 304) : c.body(logo.bytes)
  })
}

function assertGateway(claims: ServiceClaims): ServiceClaims {
  if (claims.actor.kind === 'gateway') return claims
  throw new FreeholdError('permission_denied', 'Only the gateway asks for this.')
}

/** By the weak comparison of RFC 9110, section 13.1.2. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return tags.includes(etag) || tags.includes('*')
}
