'use client'

import dynamic from 'next/dynamic'
import { useSyncExternalStore } from 'react'
import { describeError } from './describe-error.ts'
import type { Notice } from './toast-viewport.tsx'

const loadViewport = () => import('./toast-viewport.tsx')
const ToastViewport = dynamic(() => loadViewport().then((module) => module.ToastViewport), { ssr: false })

// What shows notices is loaded with the first of them.
let isNeeded = false
const waiting = new Set<() => void>()

function show(notice: Notice): void {
  isNeeded = true
  for (const tell of waiting) tell()
  void loadViewport().then(({ showNotice }) => showNotice(notice))
}

function subscribe(tell: () => void): () => void {
  waiting.add(tell)
  return () => waiting.delete(tell)
}

/** Says something in the corner, from anywhere. */
export const notify = {
  done: (title: string) => show({ kind: 'done', title }),
  failed(error: unknown) {
    const { title, next, requestId } = describeError(error)
    show({ kind: 'failed', title, description: requestId === undefined ? next : `${next} Request ${requestId}` })
  },
}

/** Where notices are shown. */
export function Toasts() {
  const isShown = useSyncExternalStore(
    subscribe,
    () => isNeeded,
    () => false,
  )
  return isShown ? <ToastViewport /> : null
}
