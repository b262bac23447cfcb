'use client'

import { MessagesSquare } from 'lucide-react'
import { usePathname } from 'next/navigation'
import { type ReactNode, useEffect, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Threads } from './threads.tsx'

/** Conversations at the side, or behind a button where there is little room, and the one that is open. */
export function ChatFrame({ children }: { children: ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  const pathname = usePathname()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation closes the list
  useEffect(() => setOpen(false), [pathname])
  return (
    <div className="flex h-[calc(100dvh-3rem)] lg:h-dvh">
      <div className="hidden w-64 shrink-0 border-r border-line bg-surface md:flex">
        <Threads />
      </div>
      <div className="relative flex min-w-0 grow flex-col">
        <div className="border-b border-line p-2 md:hidden">
          <Button size="small" kind="quiet" onClick={() => setOpen(true)}>
            <MessagesSquare /> Conversations
          </Button>
        </div>
        {children}
      </div>
      <Dialog open={isOpen} onOpenChange={setOpen} title="Conversations">
        <Threads />
      </Dialog>
    </div>
  )
}
