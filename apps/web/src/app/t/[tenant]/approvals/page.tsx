import type { Metadata } from 'next'
import { Prefetched } from '../../../../api/prefetched.tsx'
import { ApprovalsPage } from '../../../../features/approvals/approvals-page.tsx'

export const metadata: Metadata = { title: 'Approvals' }

export default async function Page({ params }: { params: Promise<{ tenant: string }> }) {
  const tenant = decodeURIComponent((await params).tenant)
  return (
    <Prefetched tenant={tenant} asks={[['listTools']]}>
      <ApprovalsPage />
    </Prefetched>
  )
}
