'use client'

import type { Thread } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import { SquarePen } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useState } from 'react'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { Answered } from '../../ui/listing.tsx'
import { Skeleton } from '../../ui/page.tsx'
import { Select } from '../../ui/select.tsx'
import { Time } from '../../ui/time.tsx'

const everyMs = 6_000
const whose = [
  { value: 'mine', label: 'Mine' },
  { value: 'all', label: 'Everybody’s' },
] as const

/** Conversations, newest first. */
export function Threads() {
  const { can, path } = useSession()
  const [shown, setShown] = useState<'mine' | 'all'>(can('runs:start') ? 'mine' : 'all')
  const threads = usePages('listThreads', { query: { limit: 40, ...(shown === 'mine' && { mine: 'true' }) } }, everyMs)
  return (
    <nav aria-label="Conversations" className="flex min-h-0 w-full flex-col">
      <div className="flex h-12 shrink-0 items-center justify-between gap-2 border-b border-line px-2">
        <Select
          label="Whose conversations"
          value={shown}
          options={whose}
          onChange={setShown}
          className="min-w-0! grow"
        />
        {can('runs:start') && (
          <ButtonLink
            kind="quiet"
            size="icon"
            href={path('/chat')}
            aria-label="New conversation"
            title="New conversation"
          >
            <SquarePen />
          </ButtonLink>
        )}
      </div>
      <div className="min-h-0 grow overflow-y-auto p-2">
        <Answered answer={{ ...threads, data: threads.items }} skeleton={<ThreadsSkeleton />}>
          {(items) => (
            <ul className="flex flex-col gap-0.5">
              {items.map((thread) => (
                <ThreadItem key={thread.id} thread={thread} />
              ))}
              {items.length === 0 && (
                <li className="px-2 py-6 text-center text-soft">What you ask agents is kept here.</li>
              )}
            </ul>
          )}
        </Answered>
        {threads.more && (
          <Button kind="quiet" size="small" className="mt-1 w-full" busy={threads.isLoadingMore} onClick={threads.more}>
            Show more
          </Button>
        )}
      </div>
    </nav>
  )
}

function ThreadItem({ thread: { id, title, lastRun, updatedAt } }: { thread: Thread }) {
  const { path } = useSession()
  const href = path(`/chat/${encodeURIComponent(id)}`)
  const isCurrent = usePathname() === href
  return (
    <li>
      <Link
        href={href}
        aria-current={isCurrent ? 'page' : undefined}
        className={classNames('block rounded-md px-2 py-1.5', isCurrent ? 'bg-accent-soft' : 'hover:bg-sunken')}
      >
        <span className="flex items-center gap-2">
          <span className="min-w-0 grow truncate">{title}</span>
          {!isTerminalStatus(lastRun.status) && (
            <span
              className={`size-2 shrink-0 rounded-full ${lastRun.status === 'waiting' ? 'bg-warn' : 'animate-pulse bg-info'}`}
            >
              <span className="sr-only">{lastRun.status}</span>
            </span>
          )}
        </span>
        <span className="flex justify-between gap-2 text-xs text-faint">
          <span className="truncate">{lastRun.agent}</span>
          <Time at={updatedAt} />
        </span>
      </Link>
    </li>
  )
}

function ThreadsSkeleton() {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-2 p-2">
      {['a', 'b', 'c', 'd'].map((key) => (
        <Skeleton key={key} className="h-9" />
      ))}
    </div>
  )
}
