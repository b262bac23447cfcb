import { TenantsPage } from '../../features/platform/tenants-page.tsx'

export default function Page() {
  return <TenantsPage />
}
