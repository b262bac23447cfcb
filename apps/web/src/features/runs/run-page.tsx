'use client'

import type { Run, StepSummary } from '@freehold/contracts'
import { FreeholdError } from '@freehold/contracts/browser'
import { useQueryClient } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { type ReactNode, useRef, useState } from 'react'
import { queryOf } from '../../api/queries.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { Answered } from '../../ui/listing.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Card, Page, Skeleton } from '../../ui/page.tsx'
import { readable } from '../../ui/readable.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { ResultPane } from './result-pane.tsx'
import { RunActions } from './run-actions.tsx'
import { RunFacts } from './run-facts.tsx'
import { RunStatusBadge } from './run-status.tsx'
import { keyOfStep, type Row } from './timeline/rows.ts'
import { Timeline } from './timeline/timeline.tsx'
import { useRun } from './use-run.ts'

const PaneSkeleton = () => <Skeleton className="h-40" />
// Loaded by who opens them. Next reads these options, so they are written out.
const StepDetail = onDemand(() => import('./step-detail.tsx').then((module) => module.StepDetail), PaneSkeleton)
const ConversationPane = onDemand(
  () => import('./conversation-pane.tsx').then((module) => module.ConversationPane),
  PaneSkeleton,
)
const JournalPane = onDemand(() => import('./journal-pane.tsx').then((module) => module.JournalPane), PaneSkeleton)

/** Side by side both panes keep their height whatever happens in them; one below the other, the upper one does. */
const paneHeight = 'lg:h-[max(26rem,calc(100dvh-15rem))]'

export function RunPage({ id }: { id: string }) {
  const { answer, liveText } = useRun(id)
  if (answer.error instanceof FreeholdError && answer.error.code === 'not_found') notFound()
  return (
    <Answered answer={answer} skeleton={<RunSkeleton />}>
      {(run) => <RunView run={run} known={answer.dataUpdatedAt} liveText={liveText} />}
    </Answered>
  )
}

function RunSkeleton() {
  return (
    <Page title={<Skeleton className="h-7 w-64" />}>
      <Skeleton className="h-20" />
      <Skeleton className={`h-72 ${paneHeight}`} />
    </Page>
  )
}

function RunView({ run, known, liveText }: { run: Run; known: number; liveText: string | undefined }) {
  const { path } = useSession()
  const [search, setSearch] = useSearch()
  const [chosen, setChosen] = useState<Chosen>(search)
  const panes = useRef<HTMLDivElement>(null)
  const selected = useSelectedStep(run, chosen)
  const select = (row: Row) => {
    if (row.kind !== 'step') return
    const next = { step: row.step.step, of: row.runId === run.id ? undefined : row.runId }
    setChosen(next)
    setSearch({ ...next, pane: 'step' })
    panes.current?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <Page
      title={
        <>
          <Link
            href={path('/runs')}
            className="mb-2 flex w-fit items-center gap-1 text-sm font-normal text-soft hover:text-ink"
          >
            <ArrowLeft className="size-3.5" aria-hidden /> Runs
          </Link>
          <span className="mr-2 align-middle">
            <RunStatusBadge status={run.status} />
          </span>
          <span className="line-clamp-2 inline align-middle break-words">{shorten(readable(run.message))}</span>
        </>
      }
      actions={<RunActions run={run} />}
    >
      <RunFacts run={run} known={known} />
      <div className="grid gap-5 lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <Card className={`h-72 overflow-hidden ${paneHeight}`}>
          <Timeline run={run} known={known} selected={selected?.key} onSelect={select} />
        </Card>
        <div ref={panes} className="min-w-0 scroll-mt-14">
          <Panes run={run} liveText={liveText} step={selected} />
        </div>
      </div>
    </Page>
  )
}

const shorten = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text)

interface Selected {
  key: string
  run: Run
  step: StepSummary
}

/** Which step is chosen. The address tells it, but a moment late: the next key has to find what this one chose. */
interface Chosen {
  step?: string | undefined
  /** The run that has it, where that is a delegated one. */
  of?: string | undefined
}

/** The chosen step, of this run or of one that it delegated and that was loaded. */
function useSelectedStep(run: Run, { step: name, of }: Chosen): Selected | undefined {
  const { client, tenant } = useSession()
  const queries = useQueryClient()
  const { queryKey } = queryOf(client, tenant, 'getRun', { params: { id: of ?? run.id } })
  const owner = of === undefined ? run : queries.getQueryData<Run>(queryKey)
  const step = owner?.steps.find((each) => each.step === name)
  return owner && step && { key: keyOfStep(owner.id, step.step), run: owner, step }
}

const panesOf = {
  result: 'Result',
  step: 'Step',
  conversation: 'Conversation',
  events: 'Raw events',
} as const
type Pane = keyof typeof panesOf

function Panes({ run, liveText, step }: { run: Run; liveText: string | undefined; step: Selected | undefined }) {
  const { can } = useSession()
  const [search, setSearch] = useSearch()
  const shown: Record<Pane, ReactNode> = {
    result: <ResultPane run={run} liveText={liveText} />,
    step: step && <StepDetail key={step.key} run={step.run} step={step.step} />,
    // What agents ask each other is no conversation.
    conversation: can('threads:read') && run.parentRunId === null && <ConversationPane run={run} />,
    events: <JournalPane run={run} />,
  }
  const available = (Object.keys(panesOf) as Pane[]).filter((each) => shown[each])
  const pane = available.find((each) => each === search.pane) ?? 'result'
  return (
    <Card className={`flex min-h-72 flex-col overflow-hidden ${paneHeight}`}>
      <div className="shrink-0 overflow-x-auto border-b border-line p-2">
        <Segmented
          label="Shown"
          value={pane}
          options={available.map((value) => ({ value, label: panesOf[value] }))}
          onChange={(next) => setSearch({ pane: next })}
        />
      </div>
      <section
        key={pane}
        aria-label={panesOf[pane]}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
        tabIndex={0}
        className="min-h-0 grow overflow-y-auto p-4 focus-visible:outline-offset-[-2px]"
      >
        {shown[pane]}
      </section>
    </Card>
  )
}
