import type { Metadata } from 'next'
import { TenantsPage } from '../../features/platform/tenants-page.tsx'

export const metadata: Metadata = { title: 'All tenants' }

export default function Page() {
  return <TenantsPage />
}
