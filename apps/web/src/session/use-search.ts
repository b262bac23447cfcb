'use client'

import { usePathname, useSearchParams } from 'next/navigation'

type Search = Record<string, string | undefined>

/** What stands behind the «?» of the address: filters, so that a link shows others the same. */
export function useSearch(): [search: Search, setSearch: (change: Search) => void] {
  const params = useSearchParams()
  const pathname = usePathname()
  const setSearch = (change: Search) => {
    const next = new URLSearchParams(window.location.search) // which is ahead of `params`
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined || value === '') next.delete(name)
      else next.set(name, value)
    }
    // The router hears of it, and makes no page anew on the server: what a page shows, it asks the API for.
    window.history.replaceState(null, '', next.size > 0 ? `${pathname}?${next}` : pathname)
  }
  return [Object.fromEntries(params), setSearch]
}
