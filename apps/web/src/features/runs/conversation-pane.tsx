'use client'

import type { Message, Run } from '@freehold/contracts'
import { usePages } from '../../api/use-pages.ts'
import { Button } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { Json } from '../../ui/code.tsx'
import { Answered } from '../../ui/listing.tsx'
import { Skeleton } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Said } from './text-block.tsx'

/** The messages of the conversation that the run belongs to; its own stand out. */
export function ConversationPane({ run }: { run: Run }) {
  const messages = usePages('listMessages', { params: { id: run.threadId } })
  return (
    <Answered answer={{ ...messages, data: messages.items }} skeleton={<Skeleton className="h-40" />}>
      {(items) => (
        <>
          <ol className="flex flex-col gap-4">
            {items.map((message) => (
              <li
                key={message.id}
                className={classNames(
                  'min-w-0 border-l-2 pl-3',
                  message.runId === run.id ? 'border-accent' : 'border-line',
                )}
              >
                <p className="mb-1 text-xs text-faint">
                  {speaker(message, run)} · <Time at={message.createdAt} />
                </p>
                <Content message={message} />
              </li>
            ))}
          </ol>
          {items.length === 0 && <p className="text-soft">Nothing was said yet.</p>}
          {messages.more && (
            <Button className="mt-4" busy={messages.isLoadingMore} onClick={messages.more}>
              Show more
            </Button>
          )}
        </>
      )}
    </Answered>
  )
}

interface Stored {
  content?: string
  toolCalls?: { id: string; name: string; input: unknown }[]
  name?: string
  output?: unknown
}

/** A person's message is its text; one of an agent or a tool is written by the platform in this shape. */
const storedOf = ({ content }: Message): Stored => (typeof content === 'string' ? { content } : (content as Stored))

function speaker(message: Message, run: Run): string {
  if (message.role === 'tool') return storedOf(message).name ?? 'Tool'
  if (message.role !== 'user') return 'Agent'
  // Somebody else may have started another run of the conversation.
  return (message.runId === run.id && run.startedByName) || 'Asked'
}

function Content({ message }: { message: Message }) {
  const { content, toolCalls, output } = storedOf(message)
  return (
    <div className="flex flex-col gap-2">
      {content && <Said text={content} />}
      {toolCalls?.map((call) => (
        <div key={call.id}>
          <p className="mb-1 text-soft">Calls {call.name}</p>
          <Json value={call.input} label={`Input of ${call.name}`} />
        </div>
      ))}
      {message.role === 'tool' && <Json value={output} label="Output" />}
    </div>
  )
}
