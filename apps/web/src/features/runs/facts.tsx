import type { ReactNode } from 'react'
import { classNames } from '../../ui/class-names.ts'

/** Names with their values, as far as there is one. */
export function Facts({ facts, columns = 'sm:grid-cols-3' }: { facts: Record<string, ReactNode>; columns?: string }) {
  return (
    <dl className={classNames('grid grid-cols-2 gap-x-6 gap-y-3', columns)}>
      {Object.entries(facts)
        .filter(([, value]) => value !== null && value !== undefined && value !== false)
        .map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-xs text-faint">{name}</dt>
            <dd className="mt-0.5 min-w-0 truncate tabular-nums" suppressHydrationWarning>
              {value}
            </dd>
          </div>
        ))}
    </dl>
  )
}
