'use client'

import { useRouter } from 'next/navigation'
import { startTransition } from 'react'
import { ErrorNotice } from './error-notice.tsx'

export interface PageErrorProps {
  error: Error
  reset: () => void
}

/** In place of a page that broke. */
export function PageError({ error, reset }: PageErrorProps) {
  const router = useRouter()
  // Alone, `reset` shows again what the server sent before.
  const again = () =>
    startTransition(() => {
      router.refresh()
      reset()
    })
  return (
    <div className="mx-auto max-w-xl px-4 py-20">
      <ErrorNotice error={error} retry={again} />
    </div>
  )
}
