'use client'

import type { RunSummary } from '@freehold/contracts'
import { CornerDownRight } from 'lucide-react'
import Link from 'next/link'
import { useSession } from '../../session/session.tsx'
import { formatMoney } from '../../ui/format.ts'
import { readable } from '../../ui/readable.ts'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { RunStatusBadge } from './run-status.tsx'
import { Took } from './took.tsx'

export function RunsTable({ runs }: { runs: readonly RunSummary[] }) {
  const { path } = useSession()
  const href = (run: RunSummary) => path(`/runs/${run.id}`)
  const columns: Column<RunSummary>[] = [
    { key: 'status', title: 'Status', cell: (run) => <RunStatusBadge status={run.status} /> },
    {
      key: 'message',
      title: 'Asked',
      className: 'w-full min-w-24 max-w-0 md:min-w-44',
      cell: (run) => <Asked run={run} href={href(run)} />,
    },
    {
      key: 'agent',
      title: 'Agent',
      wide: true,
      className: 'max-w-48 truncate',
      cell: (run) => `${run.agent} v${run.version}`,
    },
    { key: 'by', title: 'By', wide: true, className: 'max-w-40 truncate', cell: startedBy },
    {
      key: 'duration',
      title: 'Took',
      right: true,
      wide: true,
      className: 'whitespace-nowrap',
      cell: (run) => <Took run={run} known={0} />,
    },
    { key: 'cost', title: 'Cost', right: true, wide: true, cell: (run) => formatMoney(run.costNanos) },
    { key: 'created', title: 'Started', right: true, cell: (run) => <Time at={run.createdAt} /> },
  ]
  return <Table label="Runs" columns={columns} rows={runs} rowKey={({ id }) => id} href={href} />
}

export const startedBy = ({ startedByName, startedBy: actor }: RunSummary): string =>
  startedByName ?? actor.split(':')[0]?.replaceAll('_', ' ') ?? actor

function Asked({ run, href }: { run: RunSummary; href: string }) {
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      {run.parentRunId !== null && (
        <span title="Delegated by another run" className="shrink-0 text-faint">
          <CornerDownRight className="size-3.5" aria-hidden />
          <span className="sr-only">Delegated: </span>
        </span>
      )}
      <Link href={href} className="line-clamp-2 font-medium break-words md:line-clamp-1 hover:underline">
        {readable(run.message)}
      </Link>
    </span>
  )
}
