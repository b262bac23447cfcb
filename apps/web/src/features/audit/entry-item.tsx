'use client'

import type { AuditEntry } from '@freehold/contracts'
import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { Moment, Time } from '../../ui/time.tsx'
import { FieldChanges } from './field-changes.tsx'
import type { Filters } from './filters.ts'

interface EntryItemProps {
  entry: AuditEntry
  onFilter: (change: Filters) => void
}

/** One change: a line that opens to what was before and after. */
export function EntryItem({ entry, onFilter }: EntryItemProps) {
  const { at, actorName, action, subject } = entry
  return (
    <li className="border-b border-line last:border-0">
      <details className="group">
        <summary className="grid cursor-pointer list-none grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2.5 hover:bg-sunken">
          <ChevronRight aria-hidden className="size-4 text-faint transition-transform group-open:rotate-90" />
          <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
            <span className="font-medium">{actorName}</span>
            <code className="font-mono text-xs text-accent">{action}</code>
            <span className="max-w-full truncate text-soft">{nameOf(entry) ?? subject.id}</span>
          </span>
          <span className="text-right text-faint">
            <Time at={at} />
          </span>
        </summary>
        <div className="flex flex-col gap-4 px-4 pt-1 pb-4 sm:pl-11">
          <FieldChanges before={entry.before} after={entry.after} />
          <Circumstances entry={entry} onFilter={onFilter} />
        </div>
      </details>
    </li>
  )
}

function Circumstances({ entry, onFilter }: EntryItemProps) {
  const { at, actor, subject, requestId, address, seq, hash } = entry
  const facts: [string, ReactNode][] = [
    ['When', <Moment key="at" at={at} />],
    ['Subject', `${subject.kind} ${subject.id}`],
    ['Request', requestId],
    ['From', address ?? 'unknown'],
    ['Entry', `${seq}, hash ${hash.slice(0, 12)}…`],
  ]
  return (
    <div className="flex flex-wrap items-end justify-between gap-3">
      <dl className="grid min-w-0 grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-0.5 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-faint">{name}</dt>
            <dd className="break-words text-soft">{value}</dd>
          </div>
        ))}
      </dl>
      <span className="flex flex-wrap gap-2">
        <Button size="small" onClick={() => onFilter({ actor })}>
          All by them
        </Button>
        <Button size="small" onClick={() => onFilter({ subject: subject.id })}>
          All about this
        </Button>
      </span>
    </div>
  )
}

/** As people call it: what has an id often has a name, too. */
function nameOf({ before, after }: AuditEntry): string | undefined {
  const named = after ?? before
  if (typeof named !== 'object' || named === null) return undefined
  for (const field of ['name', 'email', 'agent', 'host', 'url'] as const) {
    const value: unknown = Reflect.get(named, field)
    if (typeof value === 'string') return value
  }
  return undefined
}
