'use client'

import { ChevronRight, CircleCheck, CircleSlash, CircleX, Hourglass, LoaderCircle } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useSession } from '../../session/session.tsx'
import { Json } from '../../ui/code.tsx'
import { formatDuration } from '../../ui/format.ts'
import { ApprovalCard } from './approval-card.tsx'
import type { ToolCall } from './conversation.ts'

interface ToolCallViewProps {
  call: ToolCall
  isLive: boolean
  onDecided: () => void
}

/** What an agent did, folded: name, state and duration; unfolded, exactly what went in and came out. */
export function ToolCallView({ call, isLive, onDecided }: ToolCallViewProps) {
  const { path } = useSession()
  const { name, input, result, approvalId } = call
  return (
    <div className="min-w-0">
      <details className="group rounded-lg border border-line bg-surface">
        <summary className="flex cursor-pointer list-none items-center gap-2 rounded-lg px-3 py-2 hover:bg-sunken">
          <ChevronRight className="size-3.5 shrink-0 text-faint group-open:rotate-90" aria-hidden />
          <CallState call={call} isLive={isLive} />
          <span className="min-w-0 truncate font-mono text-xs">{name}</span>
          {result?.latencyMs !== undefined && (
            <span className="ml-auto shrink-0 text-xs text-faint">{formatDuration(result.latencyMs)}</span>
          )}
        </summary>
        <div className="flex flex-col gap-3 border-t border-line p-3">
          <Labelled title="Input">
            <Json value={parsed(input)} label={`Input of ${name}`} />
          </Labelled>
          {result && (
            <Labelled title={result.failed ? 'Error' : 'Output'}>
              <Json value={parsed(result.text)} label={`Output of ${name}`} />
            </Labelled>
          )}
          {result?.childRunId !== undefined && (
            <Link href={path(`/runs/${result.childRunId}`)} className="text-accent underline underline-offset-2">
              View the run of the other agent
            </Link>
          )}
        </div>
      </details>
      {approvalId !== undefined && <ApprovalCard id={approvalId} onDecided={onDecided} className="mt-2" />}
    </div>
  )
}

function CallState({ call: { result, approvalId }, isLive }: { call: ToolCall; isLive: boolean }) {
  const [Icon, look, words] = result?.failed
    ? ([CircleX, 'text-bad', 'Failed'] as const)
    : result
      ? ([CircleCheck, 'text-good', 'Done'] as const)
      : !isLive
        ? ([CircleSlash, 'text-faint', 'Not finished'] as const)
        : approvalId !== undefined
          ? ([Hourglass, 'text-warn', 'Waiting'] as const)
          : ([LoaderCircle, 'animate-spin text-info', 'Running'] as const)
  return (
    <>
      <Icon className={`size-4 shrink-0 ${look}`} aria-hidden />
      <span className="sr-only">{words}: </span>
    </>
  )
}

function Labelled({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <p className="mb-1 text-xs text-faint">{title}</p>
      {children}
    </div>
  )
}

/** As the value that it is, where it is one. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
