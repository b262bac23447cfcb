'use client'

import { useEffect, useState } from 'react'

/** The time, as long as something goes on; `known` is when the page was made, so that server and browser draw the same first. */
export function useNow(goesOn: boolean, known: number, everyMs = 500): number {
  const [now, setNow] = useState(known)
  useEffect(() => {
    if (!goesOn) return
    const tick = () => setNow(Date.now())
    tick()
    const timer = setInterval(tick, everyMs)
    return () => clearInterval(timer)
  }, [goesOn, everyMs])
  return Math.max(now, known)
}
