import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import type { ReactNode } from 'react'
import { publicBranding } from '../../../api/branding.ts'
import { required, serverClient } from '../../../api/server-client.ts'
import { SessionProvider } from '../../../session/session.tsx'
import { Shell } from '../../../shell/shell.tsx'

interface TenantLayoutProps {
  children: ReactNode
  params: Promise<{ tenant: string }>
}

export async function generateMetadata({ params }: Pick<TenantLayoutProps, 'params'>): Promise<Metadata> {
  const [tenant, { name }] = await Promise.all([
    params.then((each) => decodeURIComponent(each.tenant)),
    publicBranding(),
  ])
  return { title: { default: `${tenant} · ${name}`, template: `%s · ${tenant} · ${name}` } }
}

/** Everything of one tenant, for somebody who belongs to it. */
export default async function TenantLayout({ children, params }: TenantLayoutProps) {
  const tenant = decodeURIComponent((await params).tenant)
  const client = await serverClient(tenant)
  const [me, brand] = await Promise.all([required(client.whoami()), publicBranding()])
  if (me.tenant === null) notFound()
  return (
    <SessionProvider tenant={me.tenant.name} me={me}>
      <Shell brand={brand}>{children}</Shell>
    </SessionProvider>
  )
}
