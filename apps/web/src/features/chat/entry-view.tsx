'use client'

import { CircleAlert } from 'lucide-react'
import Link from 'next/link'
import { memo, useDeferredValue } from 'react'
import { useSession } from '../../session/session.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Markdown } from '../../ui/markdown.tsx'
import { readable } from '../../ui/readable.ts'
import { ApprovalCard } from './approval-card.tsx'
import type { Entry } from './conversation.ts'
import { ToolCallView } from './tool-call-view.tsx'

interface EntryProps {
  entry: Entry
  /** The last run. */
  runId: string | undefined
  /** Whether that still goes on. */
  isLive: boolean
  onDecided: () => void
}

export const EntryView = memo(function EntryView({ entry, runId, isLive, onDecided }: EntryProps) {
  switch (entry.kind) {
    case 'question':
      return (
        <div className="max-w-[85%] self-end rounded-2xl rounded-br-sm bg-accent-soft px-3.5 py-2 break-words whitespace-pre-wrap">
          <span className="sr-only">You: </span>
          {readable(entry.text)}
        </div>
      )
    case 'answer':
      return <Answer text={entry.text} isOpen={entry.open && isLive} />
    case 'call':
      return <ToolCallView call={entry} isLive={isLive} onDecided={onDecided} />
    case 'approval':
      return <ApprovalCard id={entry.id} onDecided={onDecided} />
    case 'notice':
      return <Notice text={entry.text} runId={entry.aboutRun ? runId : undefined} />
  }
})

function Answer({ text, isOpen }: { text: string; isOpen: boolean }) {
  // A long answer is read as Markdown when there is time between its pieces.
  const shown = useDeferredValue(text)
  return (
    <div className="min-w-0">
      <span className="sr-only">Answer: </span>
      <Markdown text={shown} />
      {isOpen ? (
        <span className="mt-1 inline-block h-4 w-2 animate-pulse rounded-xs bg-accent" aria-hidden />
      ) : (
        <div className="mt-1 -ml-1.5">
          <CopyButton text={text} label="Copy answer" />
        </div>
      )}
    </div>
  )
}

function Notice({ text, runId }: { text: string; runId: string | undefined }) {
  const { path } = useSession()
  return (
    <p className="flex gap-2 text-soft">
      <CircleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden />
      <span className="min-w-0 break-words">
        {text}{' '}
        {runId !== undefined && (
          <Link href={path(`/runs/${runId}`)} className="text-accent underline underline-offset-2">
            Decide on the page of the run
          </Link>
        )}
      </span>
    </p>
  )
}
