import 'server-only'
import type { PublicBranding, PublicInvitation, PublicSignIn } from '@freehold/contracts'
import { headers } from 'next/headers'
import { cache } from 'react'
import { currentConfig } from '../config.ts'
import { askGateway } from './ask-gateway.ts'

/** How the installation, or the tenant whose host was asked, wants to be seen. */
export const publicBranding = cache(async (): Promise<PublicBranding> => {
  // The gateway renders it from a `PublicBranding`.
  return (await askOncePerHost('branding')) as PublicBranding
})

/** By what somebody can sign in on the host that was asked. */
export async function publicSignIn(): Promise<PublicSignIn> {
  // The gateway renders it from a `PublicSignIn`.
  return (await askOncePerHost('sign-in')) as PublicSignIn
}

/** What the invitation with this token is for; undefined where there is none. */
export async function publicInvitation(token: string): Promise<PublicInvitation | undefined> {
  const response = await ask(`invitations/${encodeURIComponent(token)}`, 404)
  // The gateway renders it from a `PublicInvitation`.
  return response.ok ? ((await response.json()) as PublicInvitation) : undefined
}

interface Known {
  at: number
  answer: unknown
}

const known = new Map<string, Known>()
const freshMs = 3_000
const mostKnown = 1_000

/**
 * What everybody on a host gets. It is asked for once in a while, and what was last known holds where the gateway does not
 * answer: a crowd at the door keeps nobody from their page.
 */
async function askOncePerHost(what: string): Promise<unknown> {
  const key = `${(await headers()).get('host')} ${what}`
  const last = known.get(key)
  if (last && Date.now() - last.at < freshMs) return last.answer
  try {
    const answer: unknown = await (await ask(what)).json()
    if (known.size >= mostKnown) known.clear()
    known.set(key, { at: Date.now(), answer })
    return answer
  } catch (error) {
    if (last) return last.answer
    throw error
  }
}

async function ask(what: string, expectedStatus = 200): Promise<Response> {
  const response = await askGateway(`${currentConfig().gatewayUrl}/api/v1/public/${what}`)
  if (response.ok || response.status === expectedStatus) return response
  throw new Error(`The gateway answered ${response.status} when it was asked for what anybody may see.`)
}
