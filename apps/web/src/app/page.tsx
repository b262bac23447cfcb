import { redirect } from 'next/navigation'
import { whoamiAtHost } from '../api/server-client.ts'
import { NoTenant } from '../features/sign-in/no-tenant.tsx'
import { SuspendedTenant } from '../features/sign-in/suspended-tenant.tsx'

/** Leads everyone to where they work. */
export default async function Home() {
  const me = await whoamiAtHost()
  if ('suspended' in me) return <SuspendedTenant why={me.suspended} />
  const { memberships, permissions, actor } = me
  const active = memberships.find(({ status }) => status === 'active')
  if (active) redirect(`/t/${encodeURIComponent(active.name)}`)
  if (permissions.includes('platform:tenants:read')) redirect('/platform')
  const [suspended] = memberships
  if (suspended) redirect(`/t/${encodeURIComponent(suspended.name)}`)
  return <NoTenant name={actor.name} />
}
