import 'server-only'
import type { OperationId } from '@freehold/contracts'
import { dehydrate, HydrationBoundary, QueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type InputOf, queryOf } from './queries.ts'
import { serverClient } from './server-client.ts'

/** An operation with what it is called with. */
export type Ask = { [Id in OperationId]: readonly [id: Id, input?: InputOf<Id>] }[OperationId]

interface PrefetchedProps {
  tenant: string
  asks: readonly Ask[]
  children: ReactNode
}

/** Asks the API while the page is made, so that it comes with its content. What fails is asked again in the browser. */
export async function Prefetched({ tenant, asks, children }: PrefetchedProps) {
  const client = await serverClient(tenant)
  const queries = new QueryClient()
  await Promise.all(
    asks.map(([id, input]) => queries.prefetchQuery({ ...queryOf(client, tenant, id, input as never), retry: false })),
  )
  return <HydrationBoundary state={dehydrate(queries)}>{children}</HydrationBoundary>
}
