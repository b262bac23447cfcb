'use client'

import { type RefObject, useEffect, useState } from 'react'

/** Rows above and below those in sight, for who scrolls fast. */
const margin = 12

/**
 * Which of the rows of a box are in sight, all of one height: the first, and the one after the last. The library for it
 * weighs as much as the rest of the page, because its rows may differ.
 */
export function useRowsInSight(box: RefObject<HTMLElement | null>, count: number, rowHeight: number): [number, number] {
  const [first, setFirst] = useState(0)
  const [shown, setShown] = useState(20)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const look = () => {
      // A step of rows at once, so that not every pixel makes the page anew.
      setFirst(Math.floor(element.scrollTop / rowHeight / margin) * margin)
      setShown(Math.ceil(element.clientHeight / rowHeight))
    }
    look()
    element.addEventListener('scroll', look, { passive: true })
    const sizes = new ResizeObserver(look)
    sizes.observe(element)
    return () => {
      element.removeEventListener('scroll', look)
      sizes.disconnect()
    }
  }, [box, rowHeight])
  return [Math.max(0, first - margin), Math.min(count, first + shown + 2 * margin)]
}
