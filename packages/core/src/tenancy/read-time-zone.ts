import { FreeholdError } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import { isDataError } from '../db/errors.ts'

/** The zone that was asked for, as far as the database knows it, or that of the tenant. */
export async function readTimeZone(tx: Tx, tenantId: string, asked: string | undefined): Promise<string> {
  if (asked === undefined) {
    const tenant = tx.selectFrom('tenants').select('time_zone').where('id', '=', tenantId)
    return (await tenant.executeTakeFirstOrThrow()).time_zone
  }
  // Its list may be older than ours.
  await sql`select now() at time zone ${asked}`.execute(tx).catch((error) => {
    if (!isDataError(error)) throw error
    const message = `query.timeZone: the database does not know "${asked}". Use another name for the same zone.`
    throw new FreeholdError('invalid_request', message, { cause: error })
  })
  return asked
}
