'use client'

import { useEffect } from 'react'
import { untilLoaded } from './until-loaded.ts'

/** Loaded by the first key: who points at things needs nothing of it. */
export function KeptFocus() {
  useEffect(() => {
    const begin = () => void untilLoaded(() => import('./keep-focus.ts')).then(({ keepFocus }) => keepFocus())
    const listening = new AbortController()
    window.addEventListener('keydown', begin, { once: true, signal: listening.signal })
    return () => listening.abort()
  }, [])
  return null
}
