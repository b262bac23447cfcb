'use client'

import { randomUuid } from '@freehold/contracts/browser'
import { usePathname } from 'next/navigation'
import { useState } from 'react'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Answered } from '../../ui/listing.tsx'
import { ConversationView } from './conversation-view.tsx'
import { NewConversation } from './new-conversation.tsx'

const newThread = () => ({ id: randomUuid(), hasBegun: false })

/**
 * The conversation that the address names, or one that begins. What begins gets its address when the first question is asked,
 * without a page being loaded, so nothing of the answer is missed.
 */
export function CurrentConversation() {
  const { path } = useSession()
  const pathname = usePathname()
  const named = pathname.startsWith(`${path('/chat')}/`)
    ? decodeURIComponent(pathname.split('/').at(-1) ?? '')
    : undefined
  const [fresh, setFresh] = useState(newThread)
  if (named === fresh.id && !fresh.hasBegun) setFresh({ ...fresh, hasBegun: true })
  if (named === undefined && fresh.hasBegun) setFresh(newThread())
  const isFresh = named === undefined || named === fresh.id
  return isFresh ? (
    <NewConversation key={fresh.id} threadId={fresh.id} />
  ) : (
    <BegunConversation key={named} threadId={named} />
  )
}

function BegunConversation({ threadId }: { threadId: string }) {
  const thread = useApi('getThread', { params: { id: threadId } })
  return (
    <div className={thread.data ? 'contents' : 'p-4'}>
      <Answered answer={thread} skeleton={<div role="status" aria-label="Loading" />}>
        {({ lastRun }) => <ConversationView threadId={threadId} agent={lastRun.agent} hasBegun />}
      </Answered>
    </div>
  )
}
