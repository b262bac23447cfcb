'use client'

import type { OperationId, OperationResponse } from '@freehold/contracts'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useSession } from '../session/session.tsx'
import { notify } from '../ui/toast.tsx'
import { type InputOf, queryOf } from './queries.ts'

/** Operations that answer by pages. */
export type PagedId = {
  [Id in OperationId]: OperationResponse<Id> extends { items: unknown[]; nextCursor: string | null } ? Id : never
}[OperationId]
export type ItemOf<Id extends PagedId> = OperationResponse<Id> extends { items: (infer Item)[] } ? Item : never

interface Paged<Item> {
  /** Of all pages that were loaded so far. */
  items: Item[] | undefined
  error: Error | null
  refetch: () => unknown
  /** Loads the next page; undefined where there is none. */
  more: (() => void) | undefined
  isLoadingMore: boolean
}

/** A list of the API, page by page. `everyMs` keeps what is loaded up to date. */
export function usePages<Id extends PagedId>(id: Id, input: InputOf<Id>, everyMs?: number): Paged<ItemOf<Id>> {
  const { client, tenant } = useSession()
  const query = useInfiniteQuery({
    queryKey: [tenant, id, input ?? {}, 'pages'],
    queryFn: ({ pageParam, signal }) => {
      const given = input as { query?: object } | undefined
      const cursor = pageParam === null ? {} : { cursor: pageParam }
      const paged = { ...given, query: { ...given?.query, ...cursor } } as InputOf<Id>
      return queryOf(client, tenant, id, paged).queryFn({ signal }) as Promise<{
        items: ItemOf<Id>[]
        nextCursor: string | null
      }>
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    ...(everyMs !== undefined && { refetchInterval: everyMs }),
  })
  const loadMore = async () => {
    // What was loaded before stays in sight, so the error takes no place of its own.
    const { error } = await query.fetchNextPage()
    if (error) notify.failed(error)
  }
  return {
    items: query.data?.pages.flatMap((page) => page.items),
    error: query.error,
    refetch: query.refetch,
    more: query.hasNextPage ? () => void loadMore() : undefined,
    isLoadingMore: query.isFetchingNextPage,
  }
}
