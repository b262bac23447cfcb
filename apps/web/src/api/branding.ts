import 'server-only'
import type { PublicBranding } from '@freehold/contracts'
import { headers } from 'next/headers'
import { cache } from 'react'
import { currentConfig } from '../config.ts'

/** How the installation, or the tenant whose host was asked, wants to be seen. */
export const publicBranding = cache(async (): Promise<PublicBranding> => {
  const host = (await headers()).get('host') ?? ''
  const response = await fetch(`${currentConfig().gatewayUrl}/api/v1/public/branding`, { headers: { host } })
  if (!response.ok) throw new Error(`The gateway answered ${response.status} when it was asked for the branding.`)
  // The gateway renders it from a `PublicBranding`.
  return (await response.json()) as PublicBranding
})
