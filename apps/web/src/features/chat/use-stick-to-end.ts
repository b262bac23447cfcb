'use client'

import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

/** This near is at the end for who comes back to it. */
const nearPx = 80
/** Zoomed pages scroll to parts of a pixel. */
const roundingPx = 2

interface StuckToEnd {
  /** What scrolls. */
  box: RefObject<HTMLElement | null>
  /** What grows in it. */
  content: RefObject<HTMLDivElement | null>
  isAtEnd: boolean
  toEnd: () => void
}

/**
 * Keeps the end of a box in sight while its content grows, for who has not scrolled up from it. Only scrolling up counts as
 * leaving: how far the end is says nothing, as text can grow by more than a page before the browser tells of a scroll.
 */
export function useStickToEnd(): StuckToEnd {
  const box = useRef<HTMLElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const sticks = useRef(true)
  /** Where the view was last, so that only what a person does counts as going up. */
  const lastTop = useRef(0)
  const [isAtEnd, setAtEnd] = useState(true)

  const stick = useCallback((sticksNow: boolean) => {
    sticks.current = sticksNow
    setAtEnd(sticksNow)
    const element = box.current
    if (!element || !sticksNow) return
    element.scrollTo({ top: element.scrollHeight, behavior: 'instant' })
    lastTop.current = element.scrollTop
  }, [])

  useEffect(() => {
    const element = box.current
    if (!element || !content.current) return
    const leftPx = () => element.scrollHeight - element.scrollTop - element.clientHeight
    const onScroll = () => {
      const goesUp = element.scrollTop < lastTop.current
      lastTop.current = element.scrollTop
      // What shrinks takes the view up as well, and leaves it at the end.
      if (goesUp && leftPx() > roundingPx) stick(false)
      else if (!goesUp && !sticks.current && leftPx() < nearPx) stick(true)
    }
    const onResize = () => stick(sticks.current || leftPx() <= roundingPx)
    const observer = new ResizeObserver(onResize)
    for (const each of [element, content.current]) observer.observe(each)
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', onScroll)
    }
  }, [stick])

  return { box, content, isAtEnd, toEnd: useCallback(() => stick(true), [stick]) }
}
