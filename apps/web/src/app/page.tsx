import { redirect } from 'next/navigation'
import { required, serverClient } from '../api/server-client.ts'
import { NoTenant } from '../features/sign-in/no-tenant.tsx'

/** Leads everyone to where they work. */
export default async function Home() {
  const client = await serverClient()
  const { memberships, permissions, actor } = await required(client.whoami())
  const [first] = memberships
  if (first) redirect(`/t/${encodeURIComponent(first.name)}`)
  if (permissions.includes('platform:tenants:read')) redirect('/platform')
  return <NoTenant name={actor.name} />
}
