'use client'

import { usePathname, useRouter, useSearchParams } from 'next/navigation'

type Search = Record<string, string | undefined>

/** What stands behind the «?» of the address: filters, so that a link shows others the same. */
export function useSearch(): [search: Search, setSearch: (change: Search) => void] {
  const params = useSearchParams()
  const router = useRouter()
  const pathname = usePathname()
  const setSearch = (change: Search) => {
    const next = new URLSearchParams(params)
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined || value === '') next.delete(name)
      else next.set(name, value)
    }
    router.replace(next.size > 0 ? `${pathname}?${next}` : pathname, { scroll: false })
  }
  return [Object.fromEntries(params), setSearch]
}
