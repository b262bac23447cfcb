'use client'

import { Activity } from 'lucide-react'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { RunFilters, useRunFilters } from './run-filters.tsx'
import { RunsTable } from './runs-table.tsx'

const everyMs = 4_000

export function RunsPage() {
  const { query, clear } = useRunFilters()
  const runs = usePages('listRuns', { query }, everyMs)
  return (
    <Page title="Runs" about="Everything that agents did, newest first.">
      <RunFilters clear={clear} />
      <Paged list={runs} empty={clear ? <NoneOfThese clear={clear} /> : <NoRuns />}>
        {(items) => <RunsTable runs={items} />}
      </Paged>
    </Page>
  )
}

function NoneOfThese({ clear }: { clear: () => void }) {
  return (
    <EmptyState icon={<Activity />} title="No run fits" action={<Button onClick={clear}>Show all runs</Button>}>
      There are none with all of these filters.
    </EmptyState>
  )
}

function NoRuns() {
  const { can, path } = useSession()
  const start = can('runs:start') && (
    <ButtonLink kind="primary" href={path('/chat')}>
      Talk to an agent
    </ButtonLink>
  )
  return (
    <EmptyState icon={<Activity />} title="No runs yet" action={start}>
      A run is one task that an agent works on. Start one in the chat, by a schedule, or over the API.
    </EmptyState>
  )
}
