'use client'

import type { Run } from '@freehold/contracts'
import { CircleAlert } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useSession } from '../../session/session.tsx'
import { Json } from '../../ui/code.tsx'
import { Time } from '../../ui/time.tsx'
import { Decision } from './decision.tsx'
import { failureAdvice } from './failure-advice.ts'
import { Block, Said } from './text-block.tsx'

/** What was asked, and what came of it so far. */
export function ResultPane({ run, liveText }: { run: Run; liveText: string | undefined }) {
  return (
    <div className="flex flex-col gap-5">
      <Block title="Asked">
        <Said text={run.message} />
      </Block>
      <Outcome run={run} liveText={liveText} />
    </div>
  )
}

function Outcome({ run, liveText }: { run: Run; liveText: string | undefined }): ReactNode {
  switch (run.status) {
    case 'succeeded':
      return <Output output={run.output} />
    case 'failed':
      return <Failure run={run} />
    case 'cancelled':
      return <p className="text-soft">It was cancelled. What it did before stands in the timeline.</p>
    case 'queued':
      return <p className="text-soft">It is in the queue, and starts as soon as a worker is free.</p>
    case 'waiting':
      return <Waits run={run} />
    case 'running':
      return (
        <Block title="Answer so far">
          {liveText ? <Said text={liveText} /> : <p className="text-soft">At work. The timeline shows each step.</p>}
        </Block>
      )
  }
}

function Output({ output }: { output: unknown }) {
  if (output === null || output === undefined) return <p className="text-soft">It ended without an answer.</p>
  return (
    <Block title="Answer">
      {typeof output === 'string' ? <Said text={output} /> : <Json value={output} label="Answer" />}
    </Block>
  )
}

function Failure({ run: { error } }: { run: Run }) {
  const { can, path } = useSession()
  if (error === null) return null
  return (
    <section aria-label="Why it failed" className="flex gap-3 rounded-md bg-bad-soft p-3">
      <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0">
        <p className="font-medium break-words whitespace-pre-wrap">{error.message}</p>
        <p className="mt-1 text-soft">{failureAdvice[error.code]}</p>
        {error.budget && can('budgets:read') && (
          <p className="mt-1 text-soft">
            Budget{' '}
            <Link href={path('/usage')} className="text-accent hover:underline">
              {error.budget.name}
            </Link>
            {error.budget.resetsAt !== null && (
              <>
                , which begins anew <Time at={error.budget.resetsAt} />
              </>
            )}
          </p>
        )}
        <p className="mt-1 font-mono text-xs text-faint">{error.code}</p>
      </div>
    </section>
  )
}

/** For whom or what a run waits. */
function Waits({ run }: { run: Run }) {
  const { can, path } = useSession()
  const { waitsForApprovals, waitsForDecisions } = run
  if (waitsForApprovals.length + waitsForDecisions.length === 0) {
    const waited = run.steps.filter(({ status }) => status === 'running').map(({ name }) => name)
    return <p className="text-soft">It waits for {waited.length > 0 ? waited.join(', ') : 'its time to go on'}.</p>
  }
  return (
    <div className="flex flex-col gap-3">
      {waitsForDecisions.map((step) => (
        <Decision key={step} run={run} step={step} />
      ))}
      {waitsForApprovals.map((id) => {
        const name = run.steps.find(({ approvalId }) => approvalId === id)?.name
        return (
          <p key={id} className="rounded-md bg-warn-soft p-3">
            It waits until somebody approves{name && <b className="font-medium"> {name}</b>}.{' '}
            {can('approvals:read') && (
              <Link href={path(`/approvals/${id}`)} className="font-medium text-accent underline">
                Open the approval
              </Link>
            )}
          </p>
        )
      })}
    </div>
  )
}
