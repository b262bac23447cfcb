'use client'

import type { ReactNode } from 'react'
import { ErrorNotice } from './error-notice.tsx'
import { Card, Skeleton } from './page.tsx'

interface Answer<T> {
  data: T | undefined
  error: Error | null
  refetch: () => unknown
}

/** What depends on an answer of the API: a place held for it, the error in its place, or it. */
export function Answered<T>({
  answer,
  skeleton,
  children,
}: {
  answer: Answer<T>
  skeleton?: ReactNode
  children: (data: T) => ReactNode
}) {
  if (answer.data !== undefined) return children(answer.data)
  if (answer.error) return <ErrorNotice error={answer.error} retry={() => void answer.refetch()} />
  return skeleton ?? <ListSkeleton />
}

export function ListSkeleton({ rows = 8 }: { rows?: number }) {
  return (
    <Card>
      <div role="status" aria-label="Loading" className="flex flex-col">
        {Array.from({ length: rows }, (_, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
          <div key={row} className="flex items-center gap-4 border-b border-line px-4 py-3 last:border-0">
            <Skeleton className="h-4 w-40" />
            <Skeleton className="h-4 grow" />
            <Skeleton className="h-4 w-20" />
          </div>
        ))}
      </div>
    </Card>
  )
}
