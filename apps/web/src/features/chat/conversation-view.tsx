'use client'

import { ArrowDown } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect } from 'react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { readable } from '../../ui/readable.ts'
import { Composer } from './composer.tsx'
import { ConversationHeader } from './conversation-header.tsx'
import { EntryView } from './entry-view.tsx'
import { Outcome } from './outcome.tsx'
import { nameConversation } from './switch-conversation.ts'
import { useConversation } from './use-conversation.ts'
import { useStickToEnd } from './use-stick-to-end.ts'

interface ConversationViewProps {
  threadId: string
  /** Undefined until it is known. */
  agent: string | undefined
  hasBegun: boolean
  /** In place of a conversation in which nothing was said; `ask` is undefined for who may not. */
  children?: (ask: ((text: string) => void) | undefined) => ReactNode
}

export function ConversationView({ threadId, agent, hasBegun, children }: ConversationViewProps) {
  const { can, path } = useSession()
  const { conversation, thread, ask: send, again } = useConversation(threadId, agent, hasBegun)
  const { entries, phase, runId, lost } = conversation
  const cancel = useAct('cancelRun', { changes: ['listThreads', 'getThread'] })
  const isBusy = lost === undefined && (phase === 'running' || phase === 'waiting')
  const stop =
    isBusy && runId !== undefined && can('runs:control') ? () => cancel.mutate({ params: { id: runId } }) : undefined
  const { box, content, isAtEnd, toEnd } = useStickToEnd()
  const address = path(`/chat/${encodeURIComponent(threadId)}`)
  const hasEntries = entries.length > 0
  useEffect(() => {
    // The page stays; only its address changes.
    if (hasEntries && !hasBegun) nameConversation(address)
  }, [hasEntries, hasBegun, address])
  const stopByKey = (event: KeyboardEvent) => {
    // A dialog's own Escape comes by here too, from elsewhere in the document.
    const isOurs = event.target instanceof Node && event.currentTarget.contains(event.target)
    if (event.key === 'Escape' && isOurs && !event.nativeEvent.isComposing) stop?.()
  }
  const ask = (text: string) => {
    toEnd()
    send(text)
  }
  const mayAsk = can('runs:start')
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape stops from wherever the focus is
    <div className="flex min-h-0 min-w-0 grow flex-col" onKeyDown={stopByKey}>
      <ConversationHeader title={readable(thread?.title ?? titleOf(entries, hasBegun))} agent={agent} runId={runId} />
      <div className="relative flex min-h-0 grow flex-col">
        {/* Before the text: the way to it by Tab is not through all that the text has, whose end is at the newest. */}
        {!isAtEnd && <ToTheNewest go={toEnd} />}
        <section
          ref={box}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
          tabIndex={0}
          aria-label="Conversation"
          // What gets the focus by the keyboard does not lie under the button.
          className="flex min-h-0 grow scroll-pb-14 flex-col overflow-y-auto"
        >
          {!hasEntries && phase !== 'loading' && children?.(mayAsk ? ask : undefined)}
          <div
            ref={content}
            role="log"
            aria-busy={phase === 'running'}
            className="mx-auto flex w-full max-w-3xl flex-col gap-4 px-4 py-6 empty:hidden"
          >
            {entries.map((entry, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: entries are added only, and a model can give an id twice
              <EntryView key={index} entry={entry} runId={runId} isLive={isBusy} onDecided={again} />
            ))}
            <Outcome conversation={conversation} again={again} />
          </div>
        </section>
      </div>
      <Composer
        ask={mayAsk ? ask : undefined}
        isLoading={phase === 'loading' || agent === undefined}
        isBusy={isBusy}
        stop={stop}
        isWaiting={phase === 'waiting'}
      />
    </div>
  )
}

function ToTheNewest({ go }: { go: () => void }) {
  return (
    <Button
      size="small"
      className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full bg-raised shadow-float"
      onClick={go}
    >
      <ArrowDown /> To the newest
    </Button>
  )
}

function titleOf(entries: readonly { kind: string; text?: string }[], hasBegun: boolean): string {
  const question = entries.find(({ kind }) => kind === 'question')?.text?.slice(0, 80)
  return question ?? (hasBegun ? 'Conversation' : 'New conversation')
}
