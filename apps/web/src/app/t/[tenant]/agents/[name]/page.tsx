import type { Metadata } from 'next'
import { Prefetched } from '../../../../../api/prefetched.tsx'
import { AgentPage } from '../../../../../features/agents/agent-page.tsx'

interface AgentPageProps {
  params: Promise<{ tenant: string; name: string }>
}

export async function generateMetadata({ params }: AgentPageProps): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) }
}

export default async function Page({ params }: AgentPageProps) {
  const { tenant, name: encoded } = await params
  const name = decodeURIComponent(encoded)
  return (
    <Prefetched tenant={decodeURIComponent(tenant)} asks={[['getAgent', { params: { name } }]]}>
      <AgentPage name={name} />
    </Prefetched>
  )
}
