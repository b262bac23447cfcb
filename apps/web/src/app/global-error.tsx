'use client'

import './globals.css'
import { ErrorNotice } from '../ui/error-notice.tsx'

/** Where not even the frame of a page could be made, as while the gateway starts. */
export default function GlobalError({ error }: { error: Error }) {
  return (
    <html lang="en">
      <body>
        <title>Something went wrong</title>
        <main className="mx-auto max-w-xl px-4 py-20">
          <ErrorNotice error={error} retry={() => location.reload()} />
        </main>
      </body>
    </html>
  )
}
