'use client'

import { ErrorNotice } from './error-notice.tsx'

export interface PageErrorProps {
  error: Error
  /** Has the server make the page again. */
  retry: () => void
}

/** In place of a page that broke. */
export function PageError({ error, retry }: PageErrorProps) {
  // A part that could not be loaded stays away until the page is loaded anew.
  const again = error.name === 'ChunkLoadError' ? () => location.reload() : retry
  return (
    <div className="mx-auto max-w-xl px-4 py-20">
      <ErrorNotice error={error} retry={again} />
    </div>
  )
}
