'use client'

import { FreeholdError } from '@freehold/contracts/browser'
import { type QueryCacheNotifyEvent, useQueryClient } from '@tanstack/react-query'
import { CloudOff } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Moment } from '../ui/time.tsx'
import { notify } from '../ui/toast.tsx'

/** Says that what a page shows is old while the API does not answer, and keeps the page: no link leads anywhere then. */
export function ConnectionNotice() {
  const lastAnswer = useLostConnection()
  const isLost = lastAnswer !== undefined
  useEffect(() => {
    if (!isLost) return
    window.addEventListener('click', stayHere, { capture: true })
    return () => window.removeEventListener('click', stayHere, { capture: true })
  }, [isLost])
  return (
    <div role="status" className="fixed top-14 left-1/2 z-30 w-max max-w-[calc(100vw-2rem)] -translate-x-1/2 lg:top-2">
      {isLost && (
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

/** When the API answered last; undefined while it answers. */
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
  return lost
}

function tells(event: QueryCacheNotifyEvent): 'answered' | 'lost' | undefined {
  if (event.type !== 'updated') return undefined
  const { action } = event
  if (action.type === 'success') return 'answered'
  if (action.type === 'pause') return 'lost'
  if (action.type !== 'failed') return undefined
  // A `TypeError` is what `fetch` throws.
  const { error, failureCount } = action
  const isAnswer = !(error instanceof TypeError) && !(error instanceof FreeholdError && error.code === 'unavailable')
  if (isAnswer) return 'answered'
  return failureCount > 1 ? 'lost' : undefined
}

/** The router would leave for a page that can't be loaded. */
function stayHere(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null
  if (!(link instanceof HTMLAnchorElement) || link.origin !== location.origin || link.hash !== '') return
  event.preventDefault()
  event.stopImmediatePropagation()
  notify.failed(new TypeError('no connection'))
}
