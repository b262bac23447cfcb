import { brandOf, type Database, findTenantOfHost } from '@freehold/core'
import type { Auth } from 'better-auth'
import type { ServerConfig } from '../config.ts'
import { senderOf } from '../mail/sender.ts'
import { deriveSecret } from '../secret-key.ts'
import type { SignInParts } from './options.ts'
import { type Origins, originOfHost } from './origins.ts'

const maxKept = 200

interface SitesParts {
  key: Buffer
  config: Pick<ServerConfig, 'signIn' | 'brand'>
  origins: Origins
  database: Database
  open(site: Pick<SignInParts, 'publicUrl' | 'trustedOrigins' | 'config' | 'name' | 'sender' | 'signingSecret'>): Auth
}

/** Signing in on a host of a tenant. */
interface Site {
  auth: Auth
  tenantId: string
}

/**
 * Signing in on the hosts of tenants, in their names. Whoever has the DNS of a host could read the cookies that browsers send
 * there, so what is signed for one host counts on no other. Providers send people back to the installation's host only, so
 * they are not offered.
 */
export function createSites({ key, config, origins, database, open }: SitesParts) {
  const kept = new Map<string, Site>()
  return async function siteOf(host: string): Promise<Site | undefined> {
    const tenantId = await findTenantOfHost(database, host)
    if (tenantId === undefined) return undefined
    const brand = await brandOf(database, tenantId)
    const name = brand.name ?? config.brand.name
    const sender = senderOf(brand)
    const id = JSON.stringify([host, tenantId, name, sender])
    const known = kept.get(id)
    if (known) return known
    const publicUrl = originOfHost(host, origins.publicUrl)
    const auth = open({
      publicUrl,
      trustedOrigins: [publicUrl],
      config: { ...config.signIn, google: undefined, oidc: [] },
      name,
      sender,
      signingSecret: deriveSecret(key, `sign-in of ${tenantId} at ${host}`),
    })
    if (kept.size >= maxKept) kept.clear()
    const site = { auth, tenantId }
    kept.set(id, site)
    return site
  }
}
