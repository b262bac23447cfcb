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

/** Where what was loaded is filtered: there may be some among what comes. */
const NoneYet = () => <p className="px-4 py-6 text-center text-soft">None among the newest.</p>

/** A list with a button for what comes after it. */
export function Paged<Item>({ list, empty, children }: PagedProps<Item>) {
  return (
    <Answered answer={{ ...list, data: list.items }}>
      {(items) => (
        <Card>
          {items.length > 0 ? children(items) : list.more ? <NoneYet /> : empty}
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
