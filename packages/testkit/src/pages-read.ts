import type { TestPlatform } from './platform.ts'

/** How many pages the embedded database touches meanwhile: its work, however busy the machine is. */
export async function pagesRead(on: TestPlatform, work: () => Promise<unknown>): Promise<number> {
  const before = await countPages(on)
  await work()
  const pages = (await countPages(on)) - before
  if (pages === 0) throw new Error('The database counted no page.')
  return pages
}

async function countPages(on: TestPlatform): Promise<number> {
  await on.asSuperuser('select pg_stat_force_next_flush()')
  const [row] = await on.asSuperuser<{ pages: string }>(
    'select pg_stat_get_db_blocks_fetched(oid) as pages from pg_database where datname = current_database()',
  )
  return Number(row?.pages)
}
