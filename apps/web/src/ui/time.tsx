'use client'

import { useEffect, useState } from 'react'
import { formatAgo } from './format.ts'

const tickMs = 15_000

/** When something was or will be: how long ago, and, on hover or for a screen reader, when in the person's own zone. */
export function Time({ at }: { at: string }) {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), tickMs)
    return () => clearInterval(timer)
  }, [])
  const date = new Date(at)
  return (
    // The server's zone and clock are not the person's; the browser writes it anew.
    <time dateTime={at} title={formatFull(date)} suppressHydrationWarning className="whitespace-nowrap">
      {formatAgo(date, now)}
    </time>
  )
}

/** The moment itself, in the person's own zone. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} suppressHydrationWarning className="whitespace-nowrap">
      {formatFull(new Date(at))}
    </time>
  )
}

function formatFull(date: Date): string {
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
}
