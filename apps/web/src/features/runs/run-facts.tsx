'use client'

import type { Run } from '@freehold/contracts'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useSession } from '../../session/session.tsx'
import { formatCompact, formatMoney } from '../../ui/format.ts'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Facts } from './facts.tsx'
import { startedBy } from './runs-table.tsx'
import { Took } from './took.tsx'

/** Who, when, how long and how much. */
export function RunFacts({ run, known }: { run: Run; known: number }) {
  const { can, path } = useSession()
  const link = (page: string, label: ReactNode): ReactNode => (
    <Link href={path(page)} className="hover:underline">
      {label}
    </Link>
  )
  const { inputTokens, outputTokens } = run.usage
  return (
    <Card className="p-4">
      <Facts
        columns="sm:grid-cols-4 xl:grid-cols-8"
        facts={{
          Agent: link(
            `/agents/${encodeURIComponent(run.agent)}?version=${run.version}`,
            `${run.agent} v${run.version}`,
          ),
          Environment: run.environment,
          'Started by': link(
            `/runs?startedBy=${encodeURIComponent(run.startedBy)}`,
            <span title={run.startedBy}>{startedBy(run)}</span>,
          ),
          For: run.user !== null && link(`/runs?user=${encodeURIComponent(run.user)}`, run.user),
          Started: <Time at={run.createdAt} />,
          Took: <Took run={run} known={known} />,
          Cost: formatMoney(run.costNanos),
          Tokens: (
            <span title={`${inputTokens} in, ${outputTokens} out`}>{formatCompact(inputTokens + outputTokens)}</span>
          ),
          Attempt: run.attempt > 1 && run.attempt,
          Conversation: <Whence run={run} mayRead={can('threads:read') && can('runs:start')} />,
        }}
      />
    </Card>
  )
}

function Whence({ run: { parentRunId, threadId }, mayRead }: { run: Run; mayRead: boolean }) {
  const { path } = useSession()
  const [page, label] =
    parentRunId === null
      ? [`/chat/${encodeURIComponent(threadId)}`, 'Open in chat']
      : [`/runs/${parentRunId}`, 'Delegated by…']
  if (parentRunId === null && !mayRead) return <span title={threadId}>{threadId}</span>
  return (
    <Link href={path(page)} className="text-accent underline">
      {label}
    </Link>
  )
}
