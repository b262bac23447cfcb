import { sql } from 'kysely'

/** A timestamptz column as microseconds since 1970, in which no digit is lost and every number is a time. */
export function microsecondsOf(column: string) {
  return sql<string>`(extract(epoch from ${sql.ref(column)}) * 1000000)::bigint::text`
}

export function timeAt(microseconds: string) {
  return sql<Date>`('epoch'::timestamptz + ${microseconds}::bigint * interval '1 microsecond')`
}
