'use client'

import type { Overview } from '@freehold/contracts'
import { MessagesSquare } from 'lucide-react'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { Answered } from '../../ui/listing.tsx'
import { Page, Skeleton } from '../../ui/page.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { BudgetsCard } from './budgets-card.tsx'
import { BusyAgents } from './busy-agents.tsx'
import { ChangesCard } from './changes-card.tsx'
import { Figures } from './figures.tsx'
import { FirstSteps } from './first-steps.tsx'
import { NowCard } from './now-card.tsx'
import { overviewAsks, overviewDays, periods } from './period.ts'
import { SeriesCards } from './series-cards.tsx'

const everyMs = 15_000

export function OverviewPage() {
  const { can, path } = useSession()
  const [search, setSearch] = useSearch()
  const days = overviewDays(search.days)
  const [[, overviewOf], , [, latestOf]] = overviewAsks(days)
  const overview = useApi('getOverview', overviewOf, { everyMs })
  const latest = useApi('listRuns', latestOf, { everyMs })
  if (latest.data?.items.length === 0) return <FirstSteps />
  return (
    <Page
      title="Overview"
      actions={
        <>
          <Segmented
            label="Period"
            value={days}
            options={periods}
            onChange={(next) => setSearch({ days: next === '7' ? undefined : next })}
          />
          {can('runs:start') && (
            <ButtonLink kind="primary" href={path('/chat')}>
              <MessagesSquare /> Talk to an agent
            </ButtonLink>
          )}
        </>
      }
    >
      <Answered answer={overview} skeleton={<OverviewSkeleton />}>
        {(data) => <Dashboard overview={data} days={days} />}
      </Answered>
    </Page>
  )
}

function Dashboard({ overview, days }: { overview: Overview; days: string }) {
  return (
    <>
      <Figures overview={overview} days={days} />
      <SeriesCards overview={overview} days={days} />
      <div className="grid gap-5 lg:grid-cols-2">
        <NowCard overview={overview} />
        {overview.budgets && <BudgetsCard budgets={overview.budgets} />}
        <BusyAgents agents={overview.agents} />
        {overview.changes && <ChangesCard changes={overview.changes} />}
      </div>
    </>
  )
}

function OverviewSkeleton() {
  return (
    <>
      <Skeleton className="h-28" />
      <div className="grid gap-5 lg:grid-cols-2">
        <Skeleton className="h-72" />
        <Skeleton className="h-72" />
      </div>
    </>
  )
}
