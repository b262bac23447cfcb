'use client'

import { ErrorNotice } from '../ui/error-notice.tsx'

export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <main className="mx-auto max-w-xl px-4 py-20">
      <ErrorNotice error={error} retry={reset} />
    </main>
  )
}
