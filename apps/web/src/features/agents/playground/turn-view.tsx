'use client'

import { isTerminalStatus } from '@freehold/contracts/browser'
import { ChevronRight, CircleAlert, LoaderCircle, Wrench } from 'lucide-react'
import Link from 'next/link'
import { useSession } from '../../../session/session.tsx'
import { Badge } from '../../../ui/badge.tsx'
import { Json } from '../../../ui/code.tsx'
import { formatDuration, formatMoney, formatNumber } from '../../../ui/format.ts'
import { readable } from '../../../ui/readable.ts'
import { RunStatusBadge } from '../../runs/run-status.tsx'
import type { Part, Turn } from './transcript.ts'

/** A message, what the agent did about it, its answer, and what that took. Everything of the agent is plain text. */
export function TurnView({ turn }: { turn: Turn }) {
  const { path } = useSession()
  return (
    <div className="flex flex-col gap-3">
      <p className="ml-auto max-w-[85%] rounded-lg bg-accent-soft px-3 py-2 break-words whitespace-pre-wrap">
        {readable(turn.message)}
      </p>
      {turn.parts.map((part) =>
        part.kind === 'text' ? (
          <p key={part.step} className="max-w-prose break-words whitespace-pre-wrap">
            {part.text}
          </p>
        ) : (
          <ToolCall key={part.step} part={part} />
        ),
      )}
      {!isTerminalStatus(turn.status) && turn.status !== 'waiting' && turn.parts.at(-1)?.kind !== 'text' && (
        <p className="flex items-center gap-2 text-faint">
          <LoaderCircle className="size-4 animate-spin" aria-hidden /> Working
        </p>
      )}
      {turn.status === 'waiting' && turn.approvalId !== undefined && (
        <p className="rounded-md bg-warn-soft px-3 py-2">
          It waits for an approval.{' '}
          <Link href={path('/approvals')} className="text-accent underline">
            Go to the approvals
          </Link>
        </p>
      )}
      {turn.error && (
        <p role="alert" className="flex gap-2 rounded-md bg-bad-soft px-3 py-2 break-words">
          <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden />
          {turn.error.message}
        </p>
      )}
      <Footing turn={turn} />
    </div>
  )
}

function Footing({ turn }: { turn: Turn }) {
  const { path } = useSession()
  if (turn.runId === undefined) return null
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-faint">
      <RunStatusBadge status={turn.status} />
      <span>v{turn.version}</span>
      {turn.finishedAt !== undefined && <span>{formatDuration(Math.max(0, turn.finishedAt - turn.startedAt))}</span>}
      <span>{formatNumber(turn.tokens)} tokens</span>
      <span>{formatMoney(turn.costNanos)}</span>
      {turn.isDemo && <Badge>demo model</Badge>}
      <Link href={path(`/runs/${turn.runId}`)} className="text-accent underline">
        Open the run
      </Link>
    </div>
  )
}

const states = { asked: 'waits for approval', running: 'running', done: 'done', failed: 'failed' } as const

function ToolCall({ part }: { part: Extract<Part, { kind: 'tool' }> }) {
  return (
    <details className="group rounded-md border border-line">
      <summary className="flex cursor-pointer list-none items-center gap-2 px-3 py-2 [&::-webkit-details-marker]:hidden">
        <ChevronRight className="size-4 shrink-0 text-faint transition-transform group-open:rotate-90" aria-hidden />
        <Wrench className="size-4 shrink-0 text-faint" aria-hidden />
        <span className="min-w-0 truncate font-mono text-xs">{part.name}</span>
        <span className="ml-auto">
          <Badge tone={part.state === 'failed' ? 'bad' : part.state === 'done' ? 'good' : 'info'}>
            {states[part.state]}
          </Badge>
        </span>
      </summary>
      <div className="flex flex-col gap-2 px-3 pb-3">
        <Json value={part.input} label="Input" />
        {part.error !== undefined && <p className="break-words text-bad">{part.error}</p>}
        {part.output !== undefined && <Json value={part.output} label="Output" />}
      </div>
    </details>
  )
}
