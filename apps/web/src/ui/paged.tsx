'use client'

import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Answered } from './listing.tsx'
import { Card } from './page.tsx'

interface PagedProps<Item> {
  list: {
    items: Item[] | undefined
    error: Error | null
    refetch: () => unknown
    more: (() => void) | undefined
    isLoadingMore: boolean
  }
  /** In place of an empty list. */
  empty: ReactNode
  children: (items: Item[]) => ReactNode
}

/** A list with a button for what comes after it. */
export function Paged<Item>({ list, empty, children }: PagedProps<Item>) {
  return (
    <Answered answer={{ ...list, data: list.items }}>
      {(items) => (
        <Card>
          {items.length === 0 ? empty : children(items)}
          {list.more && (
            <div className="border-t border-line p-2 text-center">
              <Button kind="quiet" busy={list.isLoadingMore} onClick={list.more}>
                Show more
              </Button>
            </div>
          )}
        </Card>
      )}
    </Answered>
  )
}
