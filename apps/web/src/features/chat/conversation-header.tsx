'use client'

import { Activity, PanelLeft } from 'lucide-react'
import { usePathname } from 'next/navigation'
import { useEffect, useState } from 'react'
import { useSession } from '../../session/session.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Threads } from './threads.tsx'

interface ConversationHeaderProps {
  title: string
  agent?: string | undefined
  /** The last run. */
  runId?: string | undefined
}

export function ConversationHeader({ title, agent, runId }: ConversationHeaderProps) {
  const { can, path } = useSession()
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-4">
      <ThreadsButton />
      <h1 className="truncate font-semibold">{title}</h1>
      {agent !== undefined && <span className="shrink-0 text-xs text-faint">{agent}</span>}
      {runId !== undefined && can('runs:read') && (
        <ButtonLink kind="quiet" size="small" href={path(`/runs/${runId}`)} className="ml-auto">
          <Activity /> View run
        </ButtonLink>
      )}
    </header>
  )
}

/** The other conversations, where there is no room for them at the side. */
function ThreadsButton() {
  const [isOpen, setOpen] = useState(false)
  const pathname = usePathname()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation closes the list
  useEffect(() => setOpen(false), [pathname])
  return (
    <>
      <Button
        kind="quiet"
        size="icon"
        className="-ml-2 md:hidden"
        aria-label="Conversations"
        onClick={() => setOpen(true)}
      >
        <PanelLeft />
      </Button>
      <Dialog open={isOpen} onOpenChange={setOpen} title="Conversations">
        <Threads />
      </Dialog>
    </>
  )
}
