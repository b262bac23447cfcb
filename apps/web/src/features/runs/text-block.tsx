import type { ReactNode } from 'react'
import { readable } from '../../ui/readable.ts'

/** A heading over what an agent, a tool or a person said. */
export function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="min-w-0">
      <h3 className="mb-1.5 text-xs font-medium text-faint">{title}</h3>
      {children}
    </section>
  )
}

/** Text of others: as it is, and never more than text. */
export function Said({ text }: { text: string }) {
  return <p className="leading-relaxed break-words whitespace-pre-wrap">{readable(text)}</p>
}
