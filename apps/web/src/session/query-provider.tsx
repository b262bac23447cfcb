'use client'

import { FreeholdError } from '@freehold/contracts/browser'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'

const attempts = 3

/** Keeps the answers of the API for the pages of a tab. */
export function QueryProvider({ children }: { children: ReactNode }) {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            // What the server sent with the page is not asked for again at once.
            staleTime: 2_000,
            // Another answer than this comes only from another question.
            retry: (count, error) => count < attempts && (!(error instanceof FreeholdError) || error.retryable),
          },
        },
      }),
  )
  return <QueryClientProvider client={queries}>{children}</QueryClientProvider>
}
