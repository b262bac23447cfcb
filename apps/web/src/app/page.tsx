import { redirect } from 'next/navigation'
import { required, serverClient } from '../api/server-client.ts'
import { NoTenant } from '../features/sign-in/no-tenant.tsx'

/** Leads everyone to where they work. */
export default async function Home() {
  const client = await serverClient()
  const { memberships, permissions, actor } = await required(client.whoami())
  const active = memberships.find(({ status }) => status === 'active')
  if (active) redirect(`/t/${encodeURIComponent(active.name)}`)
  if (permissions.includes('platform:tenants:read')) redirect('/platform')
  const [suspended] = memberships
  if (suspended) redirect(`/t/${encodeURIComponent(suspended.name)}`)
  return <NoTenant name={actor.name} />
}
