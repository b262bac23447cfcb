import { sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import type { Database, Tx } from '../db/database.ts'
import { describeHost, type HostRow, recordName, recordValue } from './present-branding.ts'
import type { ResolveTxt } from './resolve-txt.ts'

/** So that a slow DNS holds up nothing but the next round. */
const hostsPerRound = 50
/** Who takes a host from a tenant that no longer proves that it is theirs. */
export const verifier = { kind: 'system', id: 'hosts', name: 'hosts' }

/**
 * Looks again for the records of hosts that are in use, of each once an hour. One whose record has been missing for three
 * days is given up; DNS that does not answer says nothing. Any number of processes may do so at once.
 */
export async function checkDueHosts(
  database: Database,
  resolveTxt: ResolveTxt,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const due = await database.call<{ tenant_id: string }>('due-hosts', 'select * from door_due_hosts($1)', [
    hostsPerRound,
  ])
  for (const { tenant_id: tenantId } of due) await checkHost(database, tenantId, resolveTxt).catch(onFailure)
}

async function checkHost(database: Database, tenantId: string, resolveTxt: ResolveTxt): Promise<void> {
  const row = await database.withTenant(tenantId, (tx) =>
    tx
      .updateTable('custom_hosts')
      .set({ next_check_at: sql<Date>`now() + interval '1 hour'` })
      .where('verified_at', 'is not', null)
      .where('next_check_at', '<=', sql<Date>`now()`)
      .returningAll()
      .executeTakeFirst(),
  )
  if (!row) return
  const isThere = (await resolveTxt(recordName(row.host))).includes(recordValue(row.token))
  await database.withTenant(tenantId, (tx) => (isThere ? markFound(tx, row) : markMissing(tx, row)))
}

export async function markFound(tx: Tx, { token }: HostRow): Promise<void> {
  await tx.updateTable('custom_hosts').set({ missing_since: null }).where('token', '=', token).execute()
}

/** Given up it is a claim that has expired, which its owner sees and can make anew. */
async function markMissing(tx: Tx, { token, tenant_id: tenantId }: HostRow): Promise<void> {
  const row = await tx
    .updateTable('custom_hosts')
    .set({ missing_since: sql<Date>`coalesce(missing_since, now())` })
    .where('token', '=', token)
    .where('verified_at', 'is not', null)
    .returningAll()
    .returning(sql<boolean>`missing_since <= now() - interval '3 days'`.as('is_over'))
    .executeTakeFirst()
  if (!row?.is_over) return
  const given = { verified_at: null, missing_since: null, expires_at: sql<Date>`now()` }
  await tx.updateTable('custom_hosts').set(given).where('token', '=', token).execute()
  const author = { tenantId, actor: verifier, requestId: 'check-hosts' }
  const change = { subjectId: tenantId, before: describeHost(row) }
  await recordChange(tx, author, { action: 'branding.host-released', ...change })
}
