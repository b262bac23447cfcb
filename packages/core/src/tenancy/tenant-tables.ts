import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'

/** The tables with rows of tenants, by the catalogue, each after those that it refers to; `tenants` is the first. */
export async function readTenantTables(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ name: string; refers_to: string[] }>`
    select c.relname::text as name,
           array(select distinct r.relname::text from pg_constraint f join pg_class r on r.oid = f.confrelid
                  where f.contype = 'f' and f.conrelid = c.oid and f.confrelid <> c.oid) as refers_to
      from pg_class c
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
       and (c.relname = 'tenants' or exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped))
     order by c.relname <> 'tenants', c.relname`.execute(tx)
  const known = new Set(rows.map(({ name }) => name))
  const ordered = new Set<string>()
  while (ordered.size < known.size) {
    const next = rows.filter(
      ({ name, refers_to }) =>
        !ordered.has(name) && refers_to.every((other) => !known.has(other) || ordered.has(other)),
    )
    if (next.length === 0) throw new Error('the tables of tenants refer to each other in a circle')
    for (const { name } of next) ordered.add(name)
  }
  return [...ordered]
}

/** How many rows the tenant whose ground `tx` stands on has in each table. */
export async function countRows(tx: Tx, tables: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of tables) {
    const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(name)}`.execute(tx)
    counts[name] = rows[0]?.count ?? 0
  }
  return counts
}
