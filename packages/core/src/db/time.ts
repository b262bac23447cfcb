import { sql } from 'kysely'

/** A timestamptz column as microseconds since 1970, in which no digit is lost and every number is a time. */
export function microsecondsOf(column: string) {
  return sql<string>`(extract(epoch from ${sql.ref(column)}) * 1000000)::bigint::text`
}

export function timeAt(microseconds: string) {
  return sql<Date>`('epoch'::timestamptz + ${microseconds}::bigint * interval '1 microsecond')`
}

/** Ids grow with time, by the clock of whoever drew them. */
const clockToleranceMs = 86_400_000

/** No id that was drawn from then on is lower. */
export function firstIdAt(time: Date): string {
  return lowestIdAt(time.getTime() - clockToleranceMs)
}

/** Every id that was drawn before is lower. */
export function endOfIdsAt(time: Date): string {
  return lowestIdAt(time.getTime() + clockToleranceMs)
}

function lowestIdAt(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}
