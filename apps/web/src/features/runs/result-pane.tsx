'use client'

import type { Run } from '@freehold/contracts'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useSession } from '../../session/session.tsx'
import { Json } from '../../ui/code.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Block, Said } from './text-block.tsx'

// Few runs need them.
const Failure = onDemand(() => import('./failure.tsx').then((module) => module.Failure))
const Decision = onDemand(() => import('./decision.tsx').then((module) => module.Decision))

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
