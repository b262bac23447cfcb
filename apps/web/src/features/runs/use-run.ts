'use client'

import type { RunEvent, TextDelta } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { keyOf } from '../../api/queries.ts'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'

/** Between two looks at a run that goes on. */
const lookEveryMs = 700
const watchAgainMs = 5_000

/** A run, and the text that its model is writing just now. Both follow the run's journal while somebody looks. */
export function useRun(id: string) {
  const answer = useApi('getRun', { params: { id } })
  const { tenant, client } = useSession()
  const queries = useQueryClient()
  const [text, setText] = useState<{ step: string; text: string }>()
  const [watches, setWatches] = useState(0)
  const isVisible = useIsVisible()
  const goesOn = answer.data !== undefined && !isTerminalStatus(answer.data.status) && isVisible
  // biome-ignore lint/correctness/useExhaustiveDependencies: `watches` makes it watch again
  useEffect(() => {
    if (!goesOn) return
    const leave = new AbortController()
    const look = atMostEvery(lookEveryMs, () => {
      for (const each of ['getRun', 'listRunEvents', 'listMessages'] as const) {
        void queries.invalidateQueries({ queryKey: keyOf(tenant, each) })
      }
    })
    const follow = async () => {
      for await (const event of client.watchRun(id, { signal: leave.signal })) {
        setText((before) => textAfter(before, event))
        if (event.type !== 'text.delta') look.soon()
      }
    }
    follow()
      .then(look.soon)
      .catch(() => {
        if (!leave.signal.aborted) look.later(watchAgainMs, () => setWatches((count) => count + 1))
      })
    return () => {
      leave.abort()
      look.stop()
    }
  }, [goesOn, id, tenant, client, queries, watches])
  return { answer, liveText: goesOn ? text?.text : undefined }
}

function textAfter(before: { step: string; text: string } | undefined, event: RunEvent | TextDelta) {
  if (event.type === 'text.delta') {
    const known = before?.step === event.step ? before.text : ''
    return { step: event.step, text: known.slice(0, event.offset) + event.delta }
  }
  // An answer that asks for tools is not the last one.
  return event.type === 'model.finished' && event.data.toolCalls.length > 0 ? undefined : before
}

function atMostEvery(ms: number, act: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const later = (delayMs: number, what: () => void) => {
    timer = setTimeout(() => {
      timer = undefined
      what()
    }, delayMs)
  }
  return {
    later,
    soon() {
      if (timer === undefined) later(ms, act)
    },
    stop: () => clearTimeout(timer),
  }
}

function useIsVisible(): boolean {
  return useSyncExternalStore(
    (tell) => {
      document.addEventListener('visibilitychange', tell)
      return () => document.removeEventListener('visibilitychange', tell)
    },
    () => document.visibilityState === 'visible',
    () => true,
  )
}
