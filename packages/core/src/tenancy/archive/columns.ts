import { sql } from 'kysely'
import type { Tx } from '../../db/database.ts'
import { stayingColumns } from './format.ts'

export interface Column {
  name: string
  type: string
}

/** The columns of a table that move, by the catalogue; not those that the database numbers by itself. */
export async function readColumns(tx: Tx, table: string): Promise<Column[]> {
  const { rows } = await sql<Column>`
    select a.attname::text as name, format_type(a.atttypid, null) as type
      from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relname = ${table} and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
       and a.attidentity = '' and a.attgenerated = ''
     order by a.attname`.execute(tx)
  return rows.filter(({ name }) => !stayingColumns[table]?.includes(name))
}
