'use client'

import { ErrorNotice } from './error-notice.tsx'

export interface PageErrorProps {
  error: Error
  /** Has the server make the page again. */
  retry: () => void
}

/** In place of a page that broke. */
export function PageError({ error, retry }: PageErrorProps) {
  return (
    <div className="mx-auto max-w-xl px-4 py-20">
      <ErrorNotice error={error} retry={retry} />
    </div>
  )
}
