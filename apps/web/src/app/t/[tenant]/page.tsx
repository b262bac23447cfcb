import { Prefetched } from '../../../api/prefetched.tsx'
import { OverviewPage } from '../../../features/overview/overview-page.tsx'
import { overviewAsks, overviewDays } from '../../../features/overview/period.ts'

interface PageProps {
  params: Promise<{ tenant: string }>
  searchParams: Promise<{ days?: string }>
}

export default async function Page({ params, searchParams }: PageProps) {
  const [{ tenant }, { days }] = await Promise.all([params, searchParams])
  return (
    <Prefetched tenant={decodeURIComponent(tenant)} asks={overviewAsks(overviewDays(days))}>
      <OverviewPage />
    </Prefetched>
  )
}
