'use client'

import type { Thread } from '@freehold/contracts'
import { isTerminalStatus, randomUuid } from '@freehold/contracts/browser'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useReducer, useRef } from 'react'
import { keyOf } from '../../api/queries.ts'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { follow, type OpenStream, openAgui, questionOf } from './agui.ts'
import { type Conversation, reduce } from './conversation.ts'

const everyMs = 2_500

interface Talk {
  conversation: Conversation
  /** The conversation as the API has it, once it has begun. */
  thread: Thread | undefined
  ask: (text: string) => void
  /** Tells all again: after something was decided, and when the connection is lost. */
  again: () => void
}

/**
 * A conversation as it happens. One that has begun is connected to, which tells all of it, and again whenever its last run is
 * another or has moved on without us: somebody asked in another browser, or decided what it waited for. Until the agent is
 * known, nothing can be asked.
 */
export function useConversation(threadId: string, agent: string | undefined, hasBegun: boolean): Talk {
  const { tenant } = useSession()
  const queries = useQueryClient()
  const [conversation, dispatch] = useReducer(reduce, {
    ...{ phase: hasBegun ? 'loading' : 'idle', entries: [] },
    ...{ runId: undefined, failure: undefined, lost: undefined },
  })
  const following = useRef<AbortController>(undefined)
  const endedAt = useRef(0)
  const open = useRef<OpenStream>(undefined)

  const listAgain = useCallback(
    () => queries.invalidateQueries({ queryKey: keyOf(tenant, 'listThreads') }),
    [queries, tenant],
  )
  const tell = useCallback(
    async (first?: OpenStream) => {
      following.current?.abort()
      const controller = new AbortController()
      following.current = controller
      const { signal } = controller
      const connect: OpenStream = (until) =>
        openAgui(tenant, `${agent}/connect`, { threadId, runId: randomUuid() }, until)
      open.current = first
      try {
        for await (const event of follow(first ?? connect, connect, signal)) {
          if (event.type === 'RUN_STARTED') {
            open.current = undefined
            // This may be a new conversation.
            void listAgain()
          }
          dispatch(event)
        }
      } catch (error) {
        if (!signal.aborted) dispatch({ type: 'LOST', error })
      }
      if (signal.aborted) return
      endedAt.current = Date.now()
      await listAgain()
    },
    [tenant, agent, threadId, listAgain],
  )

  useEffect(() => {
    if (hasBegun && agent !== undefined) void tell()
    return () => following.current?.abort()
  }, [hasBegun, agent, tell])

  const isResting = conversation.phase !== 'loading' && conversation.phase !== 'running'
  const latest = useApi(
    'getThread',
    { params: { id: threadId } },
    { everyMs, enabled: isResting && conversation.entries.length > 0 && conversation.lost === undefined },
  )
  const movedOn = isResting && latest.data !== undefined && hasMovedOn(conversation, latest.data.lastRun)
  useEffect(() => {
    // What was asked for before our end says nothing about what came after it.
    if (movedOn && latest.dataUpdatedAt > endedAt.current) void tell()
  }, [movedOn, latest.dataUpdatedAt, tell])

  const again = useCallback(() => {
    dispatch({ type: 'CONNECTING' })
    // A question that nobody took is asked again, as the same one.
    void tell(open.current)
  }, [tell])

  return {
    conversation,
    again,
    thread: latest.data,
    ask(text) {
      if (agent === undefined) return
      dispatch({ type: 'ASKED', id: randomUuid(), text })
      const question = questionOf(threadId, text)
      void tell((signal) => openAgui(tenant, agent, question, signal))
    },
  }
}

function hasMovedOn({ phase, runId }: Conversation, lastRun: Thread['lastRun']): boolean {
  if (lastRun.id !== runId) return true
  return phase === 'waiting' ? lastRun.status !== 'waiting' : !isTerminalStatus(lastRun.status)
}
