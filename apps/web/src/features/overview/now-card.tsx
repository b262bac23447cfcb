'use client'

import type { Overview } from '@freehold/contracts'
import { CircleCheckBig } from 'lucide-react'
import Link from 'next/link'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Card } from '../../ui/page.tsx'
import { readable } from '../../ui/readable.ts'
import { Time } from '../../ui/time.tsx'
import { RunStatusBadge } from '../runs/run-status.tsx'
import { overviewAsks } from './period.ts'

const everyMs = 5_000
const [, [, underWay]] = overviewAsks('1')

/** What is going on just now, and what waits for a person. */
export function NowCard({ overview: { now, approvalsWaiting } }: { overview: Overview }) {
  const { path } = useSession()
  const runs = useApi('listRuns', underWay, { everyMs })
  return (
    <Card
      title="Now"
      actions={
        <Link href={path('/runs?status=queued,running,waiting')} className="text-soft hover:text-ink hover:underline">
          {now.running} running, {now.waiting} waiting, {now.queued} queued
        </Link>
      }
    >
      {approvalsWaiting !== null && approvalsWaiting > 0 && (
        <Link
          href={path('/approvals')}
          className="flex items-center gap-2 border-b border-line bg-warn-soft px-4 py-2.5 font-medium text-warn hover:underline"
        >
          <CircleCheckBig className="size-4" aria-hidden />
          {approvalsWaiting === 1 ? '1 approval waits' : `${approvalsWaiting} approvals wait`} for somebody
        </Link>
      )}
      <ul className="divide-y divide-line">
        {runs.data?.items.map((run) => (
          <li key={run.id} className="flex items-center gap-3 px-4 py-2.5">
            <RunStatusBadge status={run.status} />
            <Link href={path(`/runs/${run.id}`)} className="min-w-0 grow truncate hover:underline">
              {readable(run.message)}
            </Link>
            <span className="shrink-0 text-xs text-faint">
              <Time at={run.createdAt} />
            </span>
          </li>
        ))}
      </ul>
      {runs.data?.items.length === 0 && (
        <p className="px-4 py-6 text-center text-soft">
          Nothing is under way.{' '}
          <Link href={path('/runs')} className="text-accent underline">
            See what was done
          </Link>
        </p>
      )}
    </Card>
  )
}
