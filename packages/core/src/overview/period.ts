import type { OverviewQuery } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import { readTimeZone } from '../tenancy/read-time-zone.ts'

/** A stretch of whole days up to now, and the same stretch of the days before. */
export interface Period {
  days: number
  timeZone: string
  from: Date
  to: Date
  previousFrom: Date
  previousTo: Date
}

export async function readPeriod(tx: Tx, tenantId: string, { days, timeZone }: OverviewQuery): Promise<Period> {
  const zone = await readTimeZone(tx, tenantId, timeZone)
  const { rows } = await sql<Pick<Period, 'from' | 'to' | 'previousFrom' | 'previousTo'>>`
    select (today - (${days} - 1) * interval '1 day') at time zone ${zone} as "from", now() as "to",
           (today - (2 * ${days} - 1) * interval '1 day') at time zone ${zone} as "previousFrom",
           (now() at time zone ${zone} - ${days} * interval '1 day') at time zone ${zone} as "previousTo"
      from date_trunc('day', now() at time zone ${zone}) today`.execute(tx)
  const [period] = rows
  if (!period) throw new Error('the period was not read')
  return { days, timeZone: zone, ...period }
}
