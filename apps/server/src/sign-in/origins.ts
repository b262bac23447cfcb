import type { ServerConfig } from '../config.ts'
import { needs } from '../targets.ts'

export interface Origins {
  /** Where browsers find the gateway. */
  publicUrl: string
  /** Whose pages may use a session: the gateway's own, and those of FREEHOLD_CORS_ORIGINS. */
  trustedOrigins: string[]
}

/** Where browsers find a host of a tenant: as they find the installation, but for its name. */
export function originOfHost(host: string, publicUrl: string): string {
  const url = new URL(publicUrl)
  url.hostname = host
  return url.origin
}

/** Host names that are the installation's, and so no tenant's. */
export function ownHostsOf({ trustedOrigins }: Pick<Origins, 'trustedOrigins'>): string[] {
  return trustedOrigins.filter((origin) => URL.canParse(origin)).map((origin) => new URL(origin).hostname)
}

/** Without FREEHOLD_PUBLIC_URL the gateway is taken to be where this process listens. */
export function findOrigins(config: ServerConfig, listening: string | null): Origins {
  const address = needs(config.target, 'gateway') && listening ? listening : 'http://127.0.0.1:3000'
  // By name, because a passkey can't belong to an address.
  const publicUrl = config.signIn.publicUrl ?? address.replace('//127.0.0.1:', '//localhost:')
  const ownAddresses = config.signIn.publicUrl ? [publicUrl] : [publicUrl, address]
  return { publicUrl, trustedOrigins: [...new Set([...ownAddresses, ...config.corsOrigins])] }
}
