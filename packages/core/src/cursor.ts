import { FreeholdError, type Page } from '@freehold/contracts'

/** Which page of a list: at most `limit` items, after the page that gave out `cursor`. */
export interface PageQuery {
  limit: number
  cursor?: string | undefined
}

/** Makes a page from one row more than was asked for. `keyOf` names the row that the next page starts after. */
export function toPage<Row, Item>(
  rows: Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => string,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null
  return { items: shown.map(toItem), nextCursor }
}

function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url')
}

/** The key inside a cursor that we gave out; `pattern` is what such a key looks like. */
export function decodeCursor(cursor: string | undefined, pattern: RegExp): string | undefined {
  if (cursor === undefined) return undefined
  const key = Buffer.from(cursor, 'base64url').toString()
  if (pattern.test(key)) return key
  throw new FreeholdError('invalid_request', 'The cursor is not one of ours: use `nextCursor` of the page before.')
}

export const cursorKeys = {
  id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  name: /^[^\0]{1,128}$/,
  version: /^\d{1,9}$/,
  number: /^\d{1,15}$/,
  /** Microseconds since 1970, and a UUID or the id of a thread. */
  timeAndId: /^\d{1,16}\|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  timeAndThread: /^\d{1,16}\|[A-Za-z0-9._:-]{1,128}$/,
}
