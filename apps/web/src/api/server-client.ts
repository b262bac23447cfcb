import 'server-only'
import type { Client, Whoami } from '@freehold/contracts'
import { createClient, FreeholdError } from '@freehold/contracts/browser'
import { headers } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { cache } from 'react'
import { currentConfig } from '../config.ts'
import { askGateway } from './ask-gateway.ts'
import { requestDigest } from './request-digest.ts'

/** Calls the gateway as the person whose page is being made, on the ground of a tenant if one is named. */
export async function serverClient(tenant?: string): Promise<Client> {
  const asked = await headers()
  const sent: Record<string, string> = { cookie: asked.get('cookie') ?? '' }
  if (tenant !== undefined) sent['x-tenant-id'] = tenant
  return createClient({ url: currentConfig().gatewayUrl, headers: sent, fetch: askGateway })
}

/** Who looks at a tenant's page, and the tenant. */
export const whoamiIn = cache(async (tenant: string): Promise<Whoami> => {
  if (!/^[\x20-\xff]+$/.test(tenant)) throw new FreeholdError('not_found', 'No header can carry such a name.')
  return (await serverClient(tenant)).whoami()
})

/**
 * What a page can't go on without. Who is not signed in is sent to where they can; what is not there, or not for them, is
 * «not found».
 */
export async function required<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof FreeholdError)) throw error
    if (error.code === 'unauthenticated') redirect(`/sign-in?next=${encodeURIComponent(await askedPath())}`)
    if (error.code === 'not_found' || error.code === 'permission_denied') notFound()
    // The digest is all of an error that reaches the browser.
    throw Object.assign(error, error.requestId !== undefined && { digest: requestDigest(error.requestId) })
  }
}

/** `required`, or why nobody gets into the tenant while it is suspended. */
export async function requiredOrSuspended<T>(call: Promise<T>): Promise<T | { suspended: string }> {
  try {
    return await required(call)
  } catch (error) {
    if (error instanceof FreeholdError && error.code === 'tenant_suspended') return { suspended: error.message }
    throw error
  }
}

/** Who asks, on no tenant's ground but that of the host. */
export const whoamiAtHost = cache(async () => requiredOrSuspended((await serverClient()).whoami()))

async function askedPath(): Promise<string> {
  return (await headers()).get('x-path') ?? '/'
}
