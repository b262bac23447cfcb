interface Page<Item> {
  items: readonly Item[]
  nextCursor: string | null
}

/** The item that is asked for, on whichever page of a list it stands. `list` gets the cursor for its query. */
export async function findInPages<Item>(
  list: (from: { cursor?: string }) => Promise<Page<Item>>,
  isIt: (item: Item) => boolean,
): Promise<Item | undefined> {
  let page = await list({})
  while (page.nextCursor !== null && !page.items.some(isIt)) page = await list({ cursor: page.nextCursor })
  return page.items.find(isIt)
}
