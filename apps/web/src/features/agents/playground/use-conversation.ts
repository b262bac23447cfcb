'use client'

import { isTerminalStatus } from '@freehold/contracts/browser'
import { useEffect, useRef, useState } from 'react'
import { useSession } from '../../../session/session.tsx'
import { describeError } from '../../../ui/describe-error.ts'
import { notify } from '../../../ui/toast.tsx'
import { follow, newTurn, type Turn } from './transcript.ts'

export interface Conversation {
  turns: readonly Turn[]
  isBusy: boolean
  send: (message: string, version: number) => Promise<void>
  stop: () => Promise<void>
  clear: () => void
}

/** Messages to versions of an agent in development, in one thread, with what is heard of their runs while they go on. */
export function useConversation(name: string, triesVersions: boolean): Conversation {
  const { client } = useSession()
  const [turns, setTurns] = useState<readonly Turn[]>([])
  const thread = useRef<string>(undefined)
  const watching = useRef<AbortController>(undefined)
  useEffect(() => () => watching.current?.abort(), [])
  const change = (of: (turn: Turn) => Turn) =>
    setTurns((all) => all.map((turn, at) => (at === all.length - 1 ? of(turn) : turn)))
  const last = turns.at(-1)

  const send = async (message: string, version: number) => {
    const abort = new AbortController()
    watching.current = abort
    setTurns((all) => [...all, newTurn(message, version)])
    try {
      const run = await client.startRun({
        params: { name },
        body: {
          message,
          environment: 'development',
          ...(triesVersions && { version }),
          ...(thread.current !== undefined && { threadId: thread.current }),
        },
      })
      if (abort.signal.aborted) return
      thread.current = run.threadId
      change((turn) => ({ ...turn, runId: run.id, version: run.version }))
      for await (const event of client.watchRun(run.id, { signal: abort.signal })) change((turn) => follow(turn, event))
    } catch (error) {
      if (abort.signal.aborted) return
      const { next } = describeError(error)
      change((turn) => ({
        ...turn,
        status: 'failed',
        finishedAt: Date.now(),
        error: { message: turn.runId === undefined ? next : `It could not be followed to its end. ${next}` },
      }))
    }
  }
  return {
    turns,
    isBusy: last !== undefined && !isTerminalStatus(last.status),
    send,
    async stop() {
      if (last?.runId === undefined) return
      await client.cancelRun({ params: { id: last.runId } }).catch(notify.failed)
    },
    clear() {
      watching.current?.abort()
      thread.current = undefined
      setTurns([])
    },
  }
}
