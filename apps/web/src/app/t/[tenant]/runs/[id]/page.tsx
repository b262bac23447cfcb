import type { Metadata } from 'next'
import { Prefetched } from '../../../../../api/prefetched.tsx'
import { RunPage } from '../../../../../features/runs/run-page.tsx'

export const metadata: Metadata = { title: 'Run' }

export default async function Page({ params }: { params: Promise<{ tenant: string; id: string }> }) {
  const { tenant, id } = await params
  return (
    <Prefetched tenant={decodeURIComponent(tenant)} asks={[['getRun', { params: { id } }]]}>
      <RunPage id={id} />
    </Prefetched>
  )
}
