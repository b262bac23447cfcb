'use client'

import { useSearch } from '../../session/use-search.ts'
import { ListSkeleton } from '../../ui/listing.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Inbox } from './inbox.tsx'
import { WaitingReleases } from './waiting-releases.tsx'

const History = onDemand(
  () => import('./history.tsx').then((module) => module.History),
  () => <ListSkeleton />,
)

export function ApprovalsPage() {
  const [search, setSearch] = useSearch()
  const waiting = (
    <div className="flex flex-col gap-5">
      <WaitingReleases />
      <Inbox />
    </div>
  )
  return (
    <Page
      title="Approvals"
      about="What agents may not do alone. Each waits until somebody decides, or its time is over."
    >
      <Tabs
        tabs={[
          { value: 'waiting', label: 'Waiting', content: waiting },
          { value: 'history', label: 'History', content: <History /> },
        ]}
        value={search.tab === 'history' ? 'history' : 'waiting'}
        onChange={(tab) => setSearch({ tab: tab === 'history' ? tab : undefined, id: undefined, status: undefined })}
      />
    </Page>
  )
}
