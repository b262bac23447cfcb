'use client'

import type { Run } from '@freehold/contracts'
import { CircleAlert } from 'lucide-react'
import Link from 'next/link'
import { useSession } from '../../session/session.tsx'
import { Time } from '../../ui/time.tsx'
import { failureAdvice } from './failure-advice.ts'

/** Why a run failed, and what to do about it. */
export function Failure({ run: { error } }: { run: Run }) {
  const { can, path } = useSession()
  if (error === null) return null
  return (
    <section aria-label="Why it failed" className="flex gap-3 rounded-md bg-bad-soft p-3">
      <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0">
        <p className="font-medium break-words whitespace-pre-wrap">{error.message}</p>
        <p className="mt-1 text-soft">{failureAdvice[error.code]}</p>
        {error.budget && can('budgets:read') && (
          <p className="mt-1 text-soft">
            Budget{' '}
            <Link href={path('/usage?tab=budgets')} className="text-accent underline">
              {error.budget.name}
            </Link>
            {error.budget.resetsAt !== null && (
              <>
                , which begins anew <Time at={error.budget.resetsAt} />
              </>
            )}
          </p>
        )}
        <p className="mt-1 font-mono text-xs text-faint">{error.code}</p>
      </div>
    </section>
  )
}
