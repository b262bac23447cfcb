import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import type { ReactNode } from 'react'
import { publicBranding } from '../../api/public.ts'
import { required, serverClient } from '../../api/server-client.ts'
import { PlatformShell } from '../../features/platform/platform-shell.tsx'
import { SessionProvider } from '../../session/session.tsx'

export async function generateMetadata(): Promise<Metadata> {
  const { name } = await publicBranding()
  return { title: { absolute: `All tenants · ${name}`, template: `%s · ${name}` } }
}

/** For those who run the installation: on no tenant's ground. */
export default async function PlatformLayout({ children }: { children: ReactNode }) {
  const client = await serverClient()
  const [me, brand] = await Promise.all([required(client.whoami()), publicBranding()])
  if (!me.permissions.includes('platform:tenants:read')) notFound()
  return (
    <SessionProvider tenant="" me={me}>
      <PlatformShell brand={brand}>{children}</PlatformShell>
    </SessionProvider>
  )
}
