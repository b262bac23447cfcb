'use client'

import type { RunStatus, RunSummary } from '@freehold/contracts'
import { runStatuses } from '@freehold/contracts/browser'
import { Activity } from 'lucide-react'
import Link from 'next/link'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { formatDuration, formatMoney } from '../../ui/format.ts'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { Select } from '../../ui/select.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { RunStatusBadge, statusLabel } from './run-status.tsx'

const everyMs = 4_000
const anyStatus = { value: 'any', label: 'Any status' } as const

export function RunsPage() {
  const [search, setSearch] = useSearch()
  const status = runStatuses.find((each) => each === search.status)
  const runs = usePages('listRuns', { query: { ...(status && { status }) } }, everyMs)
  return (
    <Page title="Runs" about="Everything that agents did, newest first.">
      <div className="flex flex-wrap gap-2">
        <Select
          label="Status"
          value={status ?? 'any'}
          options={[anyStatus, ...runStatuses.map((each) => ({ value: each, label: statusLabel(each) }))]}
          onChange={(next) => setSearch({ status: next === 'any' ? undefined : next })}
        />
      </div>
      <Paged list={runs} empty={<NoRuns filtered={status} />}>
        {(items) => <RunsTable runs={items} />}
      </Paged>
    </Page>
  )
}

function NoRuns({ filtered }: { filtered: RunStatus | undefined }) {
  if (filtered) return <EmptyState icon={<Activity />} title={`No run is ${statusLabel(filtered).toLowerCase()}`} />
  return (
    <EmptyState icon={<Activity />} title="No runs yet">
      A run is one task that an agent works on. Start one in the chat, by a schedule, or over the API.
    </EmptyState>
  )
}

export function RunsTable({ runs }: { runs: readonly RunSummary[] }) {
  const { path } = useSession()
  const href = (run: RunSummary) => path(`/runs/${run.id}`)
  const columns: Column<RunSummary>[] = [
    { key: 'status', title: 'Status', cell: (run) => <RunStatusBadge status={run.status} /> },
    {
      key: 'message',
      title: 'Asked',
      className: 'min-w-44 max-w-md',
      cell: (run) => (
        <Link href={href(run)} className="line-clamp-2 font-medium md:line-clamp-1 hover:underline">
          {run.message}
        </Link>
      ),
    },
    { key: 'agent', title: 'Agent', wide: true, cell: (run) => `${run.agent} v${run.version}` },
    { key: 'duration', title: 'Took', right: true, wide: true, cell: (run) => <Took run={run} /> },
    { key: 'cost', title: 'Cost', right: true, wide: true, cell: (run) => formatMoney(run.costNanos) },
    { key: 'created', title: 'Started', right: true, cell: (run) => <Time at={run.createdAt} /> },
  ]
  return <Table label="Runs" columns={columns} rows={runs} rowKey={({ id }) => id} href={href} />
}

function Took({ run: { startedAt, finishedAt } }: { run: RunSummary }) {
  if (startedAt === null || finishedAt === null) return '–'
  return formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))
}
