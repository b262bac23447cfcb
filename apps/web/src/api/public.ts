import 'server-only'
import type { PublicBranding, PublicInvitation, PublicSignIn } from '@freehold/contracts'
import { cache } from 'react'
import { currentConfig } from '../config.ts'
import { askGateway } from './ask-gateway.ts'

/** How the installation, or the tenant whose host was asked, wants to be seen. */
export const publicBranding = cache(async (): Promise<PublicBranding> => {
  // The gateway renders it from a `PublicBranding`.
  return (await (await ask('branding')).json()) as PublicBranding
})

/** By what somebody can sign in on the host that was asked. */
export async function publicSignIn(): Promise<PublicSignIn> {
  // The gateway renders it from a `PublicSignIn`.
  return (await (await ask('sign-in')).json()) as PublicSignIn
}

/** What the invitation with this token is for; undefined where there is none. */
export async function publicInvitation(token: string): Promise<PublicInvitation | undefined> {
  const response = await ask(`invitations/${encodeURIComponent(token)}`, 404)
  // The gateway renders it from a `PublicInvitation`.
  return response.ok ? ((await response.json()) as PublicInvitation) : undefined
}

async function ask(what: string, expectedStatus = 200): Promise<Response> {
  const response = await askGateway(`${currentConfig().gatewayUrl}/api/v1/public/${what}`)
  if (response.ok || response.status === expectedStatus) return response
  throw new Error(`The gateway answered ${response.status} when it was asked for what anybody may see.`)
}
