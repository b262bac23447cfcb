'use client'

import { FreeholdError } from '@freehold/contracts/browser'
import { CircleAlert, Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { describeError } from './describe-error.ts'
import { Card, EmptyState } from './page.tsx'

/** In place of what could not be loaded. */
export function ErrorNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  // To ask again would change nothing in either case.
  const code = error instanceof FreeholdError ? error.code : undefined
  if (code === 'permission_denied') return <NotPermitted>{describeError(error).next}</NotPermitted>
  const again = code === 'not_found' ? undefined : retry
  const { title, next, requestId } = describeError(error)
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-line bg-bad-soft p-4">
      <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 grow">
        <p className="font-medium">{title}</p>
        <p className="mt-0.5 break-words text-soft">{next}</p>
        {requestId !== undefined && <p className="mt-1 font-mono text-xs text-faint">Request {requestId}</p>}
      </div>
      {again && (
        <Button size="small" onClick={again}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** In place of what is not for this person to see. */
export function NotPermitted({ children }: { children: ReactNode }) {
  return (
    <Card>
      <EmptyState icon={<Lock />} title="This is not for you to see">
        {children}
      </EmptyState>
    </Card>
  )
}
