'use client'

import type { RecentChange } from '@freehold/contracts'
import Link from 'next/link'
import { useSession } from '../../session/session.tsx'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'

const words: Record<string, string> = {
  'agent.created': 'made the agent',
  'agent.version-added': 'made a new version of',
  'release.set': 'released',
  'release.promoted': 'promoted',
  'release.rolled-back': 'rolled back',
  'release.requested': 'asked to release',
  'release.decided': 'decided on a release of',
  'budget.created': 'set a budget',
  'budget.updated': 'changed a budget',
  'budget.deleted': 'deleted a budget',
}

/** What people changed about agents, releases and budgets. */
export function ChangesCard({ changes }: { changes: readonly RecentChange[] }) {
  const { path } = useSession()
  return (
    <Card
      title="What changed"
      actions={
        <Link href={path('/audit')} className="text-soft hover:text-ink hover:underline">
          All
        </Link>
      }
    >
      {changes.length === 0 && <p className="px-4 py-6 text-center text-soft">Nothing was changed yet.</p>}
      <ul className="divide-y divide-line">
        {changes.map((change) => (
          <li key={change.seq} className="flex items-baseline justify-between gap-3 px-4 py-2.5">
            <span className="min-w-0 break-words">
              <span className="font-medium">{change.actorName}</span>{' '}
              <span className="text-soft">{words[change.action] ?? change.action}</span> <Subject change={change} />
            </span>
            <span className="shrink-0 text-xs text-faint">
              <Time at={change.at} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** A release goes by its agent and environment; a budget has no name here. */
function Subject({ change: { subject } }: { change: RecentChange }) {
  const { path } = useSession()
  if (subject.kind === 'budget') return null
  const [agent = '', environment] = subject.id.split('/')
  return (
    <>
      <Link href={path(`/agents/${encodeURIComponent(agent)}`)} className="font-medium hover:underline">
        {agent}
      </Link>
      {environment !== undefined && <span className="text-soft"> in {environment}</span>}
    </>
  )
}
