import type { Page } from '@freehold/contracts'

const largestPage = 200

/** Follows the cursors of a list until it ends or holds `limit` items. */
export async function collectPages<T>(
  fetchPage: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
  limit = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const query = { limit: Math.min(largestPage, limit - items.length), ...(cursor !== null && { cursor }) }
    const page: Page<T> = await fetchPage(query)
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && items.length < limit)
  return items
}
