import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import type { ReactNode } from 'react'
import { publicBranding } from '../../../api/public.ts'
import { requiredOrSuspended, whoamiIn } from '../../../api/server-client.ts'
import { SuspendedTenant } from '../../../features/sign-in/suspended-tenant.tsx'
import { SessionProvider } from '../../../session/session.tsx'
import { brandIcon } from '../../../shell/brand-icon.ts'
import { Branded } from '../../../shell/branded.tsx'
import { Shell } from '../../../shell/shell.tsx'

interface TenantLayoutProps {
  children: ReactNode
  params: Promise<{ tenant: string }>
}

export async function generateMetadata({ params }: Pick<TenantLayoutProps, 'params'>): Promise<Metadata> {
  const tenant = decodeURIComponent((await params).tenant)
  // Who may not see the page gets to another one, which the layout decides.
  const me = await whoamiIn(tenant).catch(() => undefined)
  const brand = me?.tenant?.brand ?? (await publicBranding())
  return {
    // That of the overview, which templates are not for.
    title: { absolute: `Overview · ${tenant} · ${brand.name}`, template: `%s · ${tenant} · ${brand.name}` },
    icons: { icon: brandIcon(brand) },
  }
}

/** Everything of one tenant, for somebody who belongs to it. */
export default async function TenantLayout({ children, params }: TenantLayoutProps) {
  const tenant = decodeURIComponent((await params).tenant)
  const me = await requiredOrSuspended(whoamiIn(tenant))
  if ('suspended' in me) return <SuspendedTenant tenant={tenant} why={me.suspended} />
  if (me.tenant === null) notFound()
  const { name, brand } = me.tenant
  return (
    <SessionProvider tenant={name} me={me}>
      <Branded colors={brand.colors}>
        <Shell brand={brand}>{children}</Shell>
      </Branded>
    </SessionProvider>
  )
}
