import type { ReactNode } from 'react'
import { Threads } from './threads.tsx'

/** Conversations at the side, where there is room, and the one that is open. */
export function ChatFrame({ children }: { children: ReactNode }) {
  return (
    <div className="flex h-[calc(100dvh-3rem)] lg:h-dvh">
      <div className="hidden w-64 shrink-0 border-r border-line bg-surface md:flex">
        <Threads />
      </div>
      <div className="flex min-w-0 grow flex-col">{children}</div>
    </div>
  )
}
