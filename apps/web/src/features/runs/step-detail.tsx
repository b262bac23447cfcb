'use client'

import type { Run, RunEvent, StepSummary } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import Link from 'next/link'
import { type ReactNode, useEffect } from 'react'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { formatDuration, formatMoney, formatNumber } from '../../ui/format.ts'
import { Answered } from '../../ui/listing.tsx'
import { Skeleton } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Decision } from './decision.tsx'
import { Facts } from './facts.tsx'
import { StepEvent } from './step-event.tsx'
import { asksSomebody } from './timeline/rows.ts'

const lookEveryMs = 2_000

/** A step of a run, or of one that it delegated, with all that went in and came out. */
export function StepDetail({ run, step }: { run: Run; step: StepSummary }) {
  const goesOn = step.status === 'running' && !isTerminalStatus(run.status)
  const events = useApi(
    'listRunEvents',
    { params: { id: run.id }, query: { step: step.step } },
    goesOn ? { everyMs: lookEveryMs } : {},
  )
  const { refetch } = events
  // biome-ignore lint/correctness/useExhaustiveDependencies: with its end there is more to read
  useEffect(() => void refetch(), [step.status, refetch])
  return (
    <article className="flex flex-col gap-5">
      <header>
        <h2 className="font-medium break-words">{step.name}</h2>
        <p className="mt-0.5 text-soft">{describe(run, step)}</p>
      </header>
      {run.waitsForDecisions.includes(step.step) && <Decision run={run} step={step.step} />}
      <StepFacts step={step} />
      <Answered answer={events} skeleton={<Skeleton className="h-40" />}>
        {({ items }) => items.map((event) => <StepEvent key={event.seq} event={event as RunEvent} />)}
      </Answered>
    </article>
  )
}

const kinds: Record<StepSummary['kind'], string> = {
  model: 'Call of a model',
  tool: 'Call of a tool',
  child: 'Task for another agent',
  timer: 'Pause',
  decision: 'Question',
  approval: 'Approval',
  step: 'Step of the program',
}

function describe(run: Run, step: StepSummary): string {
  if (asksSomebody(run, step)) return `${kinds[step.kind]}, held up until somebody decides`
  const states = { running: isTerminalStatus(run.status) ? 'cut off' : 'under way', finished: 'done', failed: 'failed' }
  return `${kinds[step.kind]}, ${states[step.status]}`
}

function StepFacts({ step }: { step: StepSummary }) {
  const { path, can } = useSession()
  const { usage, latencyMs, costNanos, startedAt, approvalId, childRunId, attempt } = step
  const link = (page: string, label: string): ReactNode => (
    <Link href={path(page)} className="text-accent hover:underline">
      {label}
    </Link>
  )
  return (
    <Facts
      facts={{
        Started: startedAt !== null && <Time at={startedAt} />,
        Took: latencyMs !== null && formatDuration(latencyMs),
        Cost: costNanos !== null && formatMoney(costNanos),
        'Tokens in': usage && formatNumber(usage.inputTokens),
        'Tokens out': usage && formatNumber(usage.outputTokens),
        'Of these cached': usage && usage.cacheReadTokens > 0 && formatNumber(usage.cacheReadTokens),
        Attempt: attempt > 1 && attempt,
        Approval: approvalId !== null && can('approvals:read') && link(`/approvals/${approvalId}`, 'Open'),
        Run: childRunId !== null && link(`/runs/${childRunId}`, 'Open'),
      }}
    />
  )
}
