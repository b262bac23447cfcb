import { createTxtResolver, type HouseBrand, type ResolveTxt } from '@freehold/core'
import type { ServerConfig } from '../config.ts'
import { type Origins, ownHostsOf } from '../sign-in/origins.ts'

/** What the branding of tenants rests on. */
export interface WhiteLabel {
  house: HouseBrand
  /** Hosts of the installation, which no tenant can have. */
  ownHosts: readonly string[]
  resolveTxt: ResolveTxt
}

export function whiteLabelOf({ brand, dnsServers }: ServerConfig, origins: Origins): WhiteLabel {
  return {
    house: brand,
    ownHosts: ownHostsOf(origins),
    resolveTxt: createTxtResolver(dnsServers),
  }
}
