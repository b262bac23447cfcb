'use client'

import { type ComponentType, useEffect, useSyncExternalStore } from 'react'
import { describeError } from './describe-error.ts'
import type { Notice } from './toast-viewport.tsx'
import { untilLoaded } from './until-loaded.ts'

const loadViewport = () => import('./toast-viewport.tsx')
let loading: ReturnType<typeof loadViewport> | undefined

// What shows notices, once there was one.
let Viewport: ComponentType | undefined
const waiting = new Set<() => void>()

function show(notice: Notice): void {
  loading ??= untilLoaded(loadViewport)
  void loading.then(({ showNotice, ToastViewport }) => {
    Viewport = ToastViewport
    for (const tell of waiting) tell()
    showNotice(notice)
  })
}

function subscribe(tell: () => void): () => void {
  waiting.add(tell)
  return () => waiting.delete(tell)
}

/** Says something in the corner, from anywhere. */
export const notify = {
  done: (title: string) => show({ kind: 'done', title }),
  notLoaded: () =>
    show({
      kind: 'failed',
      title: 'A part of this page could not be loaded',
      description:
        'It comes by itself once it can. If you have a connection, there may be a new version: save what you need, and reload the page.',
    }),
  failed(error: unknown) {
    const { title, next, requestId } = describeError(error)
    show({ kind: 'failed', title, description: requestId === undefined ? next : `${next} Request ${requestId}` })
  },
}

/** Where notices are shown. */
export function Toasts() {
  const Shown = useSyncExternalStore(
    subscribe,
    () => Viewport,
    () => undefined,
  )
  // Before it is needed: it may have to say that the server does not answer.
  useEffect(() => {
    const prepare = () => void loadViewport().catch(() => undefined)
    const listening = new AbortController()
    for (const event of ['pointerdown', 'keydown']) {
      window.addEventListener(event, prepare, { once: true, signal: listening.signal })
    }
    return () => listening.abort()
  }, [])
  return Shown ? <Shown /> : null
}
