import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

/** What went wrong, over a form. */
export function Notice({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="mb-4 flex gap-2.5 rounded-lg border border-line bg-warn-soft p-3">
      <CircleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden />
      <span className="min-w-0">{children}</span>
    </p>
  )
}
