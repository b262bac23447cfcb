'use client'

import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'

const nearPx = 80

/** Keeps the end of a box in sight while it grows, for who has not scrolled away from it. */
export function useStickToEnd(content: unknown): RefObject<HTMLElement | null> {
  const box = useRef<HTMLElement>(null)
  const sticks = useRef(true)
  useEffect(() => {
    const element = box.current
    const onScroll = () => {
      if (!element) return
      sticks.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearPx
    }
    element?.addEventListener('scroll', onScroll, { passive: true })
    return () => element?.removeEventListener('scroll', onScroll)
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows whatever is added
  useLayoutEffect(() => {
    if (sticks.current) box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [content])
  return box
}
