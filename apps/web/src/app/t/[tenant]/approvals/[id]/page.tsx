import type { Metadata } from 'next'
import { ApprovalPage } from '../../../../../features/approvals/approval-page.tsx'

export const metadata: Metadata = { title: 'Approval' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <ApprovalPage id={(await params).id} />
}
