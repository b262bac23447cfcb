import type { ReactNode } from 'react'

/** Something about the account, and what can be done about it. */
export function Row({ action, children }: { action?: ReactNode; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2.5 px-4 py-3">
      <div className="min-w-0 grow basis-40 text-soft">{children}</div>
      {action}
    </div>
  )
}
