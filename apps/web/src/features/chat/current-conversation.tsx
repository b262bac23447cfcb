'use client'

import { randomUuid } from '@freehold/contracts/browser'
import { useState } from 'react'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import { ConversationView } from './conversation-view.tsx'
import { NewConversation } from './new-conversation.tsx'
import { useAgents, useLastAgent } from './use-agents.ts'
import { useOpenPath } from './use-open-path.ts'

const newThread = () => ({ id: randomUuid(), hasBegun: false })

/**
 * The conversation that the address names, or one that begins. What begins gets its address when the first question is asked,
 * without a page being loaded, so nothing of the answer is missed.
 */
export function CurrentConversation() {
  const { can, path } = useSession()
  const pathname = useOpenPath()
  // So that the next conversation begins without waiting for them.
  useAgents(can('runs:start'))
  useLastAgent(can('runs:start'))
  const named = pathname.startsWith(`${path('/chat')}/`)
    ? decodeURIComponent(pathname.split('/').at(-1) ?? '')
    : undefined
  const [fresh, setFresh] = useState(newThread)
  if (named === fresh.id && !fresh.hasBegun) setFresh({ ...fresh, hasBegun: true })
  if (named !== fresh.id && fresh.hasBegun) setFresh(newThread())
  const isFresh = named === undefined || named === fresh.id
  return isFresh ? (
    <NewConversation key={fresh.id} threadId={fresh.id} />
  ) : (
    <BegunConversation key={named} threadId={named} />
  )
}

function BegunConversation({ threadId }: { threadId: string }) {
  const { data, error, refetch } = useApi('getThread', { params: { id: threadId } })
  if (!data && error) {
    return (
      <div className="p-4">
        <ErrorNotice error={error} retry={() => void refetch()} />
      </div>
    )
  }
  return <ConversationView threadId={threadId} agent={data?.lastRun.agent} hasBegun />
}
