import type { ServerConfig } from '../config.ts'
import { needs } from '../targets.ts'

export interface Origins {
  /** Where browsers find the gateway. */
  publicUrl: string
  /** Whose pages may use a session: the gateway's own, and those of FREEHOLD_CORS_ORIGINS. */
  trustedOrigins: string[]
}

/** Without FREEHOLD_PUBLIC_URL the gateway is taken to be where this process listens. */
export function findOrigins(config: ServerConfig, listening: string | null): Origins {
  const address = needs(config.target, 'gateway') && listening ? listening : 'http://127.0.0.1:3000'
  // By name, because a passkey can't belong to an address.
  const publicUrl = config.signIn.publicUrl ?? address.replace('//127.0.0.1:', '//localhost:')
  const ownAddresses = config.signIn.publicUrl ? [publicUrl] : [publicUrl, address]
  return { publicUrl, trustedOrigins: [...new Set([...ownAddresses, ...config.corsOrigins])] }
}
