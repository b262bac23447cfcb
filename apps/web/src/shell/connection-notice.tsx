'use client'

import { FreeholdError } from '@freehold/contracts/browser'
import { onlineManager, type QueryCacheNotifyEvent, useQueryClient } from '@tanstack/react-query'
import { CloudOff } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Moment } from '../ui/time.tsx'
import { notify } from '../ui/toast.tsx'

/** How often it is tried again. */
const everyMs = 3_000
/** What anybody may ask. */
const anything = '/api/v1/public/branding'

// What the notice says, for who leaves a page by no link.
let isLost = false

/** Whether there is somebody to ask for another page. If not, says so. */
export function mayLeave(): boolean {
  if (isLost) sayNoConnection()
  return !isLost
}

function sayNoConnection(): void {
  notify.failed(new TypeError('no connection'))
}

/** Says that what a page shows is old while nobody answers, and has links wait until somebody does. */
export function ConnectionNotice() {
  const lastAnswer = useLostConnection()
  const nobodyAnswers = lastAnswer !== undefined
  useEffect(() => {
    if (!nobodyAnswers) return
    isLost = true
    window.addEventListener('click', stayHere, { capture: true })
    return () => {
      isLost = false
      window.removeEventListener('click', stayHere, { capture: true })
    }
  }, [nobodyAnswers])
  return (
    <div role="status" className="fixed top-14 left-1/2 z-30 w-max max-w-[calc(100vw-2rem)] -translate-x-1/2 lg:top-2">
      {nobodyAnswers && (
        <p className="flex items-center gap-2 rounded-lg border border-line bg-warn-soft px-3 py-2 shadow-float">
          <CloudOff className="size-4 shrink-0 text-warn" aria-hidden />
          <span>
            No connection. This is as of <Moment at={lastAnswer.toISOString()} />, and goes on by itself.
          </span>
        </p>
      )}
    </div>
  )
}

/** When somebody answered last; undefined while somebody does. */
function useLostConnection(): Date | undefined {
  const queries = useQueryClient()
  const [lost, setLost] = useState<Date>()
  useEffect(() => {
    let answered = new Date()
    return queries.getQueryCache().subscribe((event) => {
      const told = tells(event)
      if (told === 'answered') answered = new Date()
      if (told !== undefined) setLost(told === 'lost' ? answered : undefined)
    })
  }, [queries])
  useEffect(() => {
    if (!lost) return
    const ask = async () => {
      const answer = await fetch(anything, { cache: 'no-store' }).catch(() => undefined)
      if (!answer?.ok) return
      setLost(undefined)
      await queries.refetchQueries({ type: 'active' })
    }
    const timer = setInterval(() => void ask(), everyMs)
    return () => clearInterval(timer)
  }, [lost, queries])
  return lost
}

function tells(event: QueryCacheNotifyEvent): 'answered' | 'lost' | undefined {
  if (event.type !== 'updated') return undefined
  const { action } = event
  // What a page keeps there itself says nothing.
  if (action.type === 'success') return action.manual ? undefined : 'answered'
  if (action.type === 'pause') return onlineManager.isOnline() ? undefined : 'lost'
  if (action.type !== 'failed') return undefined
  const { error, failureCount } = action
  if (isAnswer(error)) return 'answered'
  return failureCount > 1 ? 'lost' : undefined
}

/** `fetch` throws a `TypeError`; what stands before the platform knows no request ids. */
function isAnswer(error: unknown): boolean {
  if (error instanceof FreeholdError) return error.code !== 'unavailable' || error.requestId !== undefined
  return !(error instanceof TypeError)
}

/** The router would leave for a page that can't be loaded. */
function stayHere(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null
  const { button, metaKey, ctrlKey, shiftKey, altKey } = event
  if (!(link instanceof HTMLAnchorElement) || button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return
  if (link.origin !== location.origin || link.hash !== '' || link.target === '_blank' || link.download !== '') return
  event.preventDefault()
  event.stopImmediatePropagation()
  sayNoConnection()
}
