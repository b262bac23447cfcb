import type { Metadata } from 'next'
import { NewTenantPage } from '../../../features/platform/new-tenant/new-tenant-page.tsx'

export const metadata: Metadata = { title: 'New tenant' }

export default function Page() {
  return <NewTenantPage />
}
