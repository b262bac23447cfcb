import { sql } from 'kysely'
import type { Database, Tx } from '../db/database.ts'

/** Measuring takes a hundredth of the time at the most. */
const pausePerMs = 100
const minPauseMs = 60_000
/** Whoever has not measured by then is dead. */
const patienceMs = 30 * 60_000
const runsAtOnce = 1_000
const messagesAtOnce = 5_000
const none = '00000000-0000-0000-0000-000000000000'

/** Measures the tenants whose plans limit their storage and whose last measure is old. */
export async function measureDueStorage(database: Database): Promise<void> {
  const rows = await database.call<{ tenant_id: string }>('due-storage', 'select * from door_due_storage($1)', [1_000])
  for (const { tenant_id: tenantId } of rows) await measureStorage(database, tenantId)
}

/** Adds up what the tenant's rows hold, some at a time, unless that was done a moment ago or somebody is at it. */
export async function measureStorage(database: Database, tenantId: string): Promise<void> {
  if (!(await claim(database, tenantId))) return
  const startedAtMs = performance.now()
  const bytes = (await addUp(database, tenantId, measureRuns)) + (await addUp(database, tenantId, measureMessages))
  const pauseMs = Math.max(minPauseMs, pausePerMs * (performance.now() - startedAtMs))
  await database.withTenant(tenantId, (tx) =>
    tx
      .updateTable('storage_measures')
      .set({ bytes, measured_at: sql<Date>`now()`, next_at: fromNow(pauseMs) })
      .where('tenant_id', '=', tenantId)
      .execute(),
  )
}

async function claim(database: Database, tenantId: string): Promise<boolean> {
  const row = await database.withTenant(tenantId, (tx) =>
    tx
      .insertInto('storage_measures')
      .values({ tenant_id: tenantId, next_at: fromNow(patienceMs) })
      .onConflict((conflict) =>
        conflict
          .column('tenant_id')
          .doUpdateSet({ next_at: fromNow(patienceMs) })
          .where('storage_measures.next_at', '<=', sql<Date>`now()`),
      )
      .returning('tenant_id')
      .executeTakeFirst(),
  )
  return row !== undefined
}

function fromNow(ms: number) {
  return sql<Date>`now() + ${ms}::float8 * interval '1 millisecond'`
}

interface Part {
  bytes: number
  last: string | null
}

async function addUp(
  database: Database,
  tenantId: string,
  measure: (tx: Tx, tenantId: string, after: string) => Promise<Part | undefined>,
): Promise<number> {
  let bytes = 0
  let after: string | null = none
  while (after !== null) {
    const from: string = after
    const part: Part | undefined = await database.withTenant(tenantId, (tx) => measure(tx, tenantId, from))
    bytes += part?.bytes ?? 0
    after = part?.last ?? null
  }
  return bytes
}

/** Runs with their journals. As stored, which is compressed where values are long. */
async function measureRuns(tx: Tx, tenantId: string, after: string): Promise<Part | undefined> {
  const { rows } = await sql<Part>`
    with part as materialized (
      select r.id, pg_column_size(r.message) + pg_column_size(r.metadata) + coalesce(pg_column_size(r.output), 0)
             + coalesce(pg_column_size(r.error), 0) as bytes
        from agent_runs r where r.tenant_id = ${tenantId} and r.id > ${after}::uuid order by r.id limit ${runsAtOnce}
    )
    select (coalesce(sum(part.bytes), 0) + coalesce((
             select sum(pg_column_size(e.data)) from part
               join run_events e on e.tenant_id = ${tenantId} and e.run_id = part.id), 0))::bigint as bytes,
           (array_agg(part.id order by part.id desc))[1] as last
      from part`.execute(tx)
  return rows[0]
}

async function measureMessages(tx: Tx, tenantId: string, after: string): Promise<Part | undefined> {
  const { rows } = await sql<Part>`
    with part as materialized (
      select m.id, pg_column_size(m.content) as bytes
        from messages m where m.tenant_id = ${tenantId} and m.id > ${after}::uuid order by m.id limit ${messagesAtOnce}
    )
    select coalesce(sum(part.bytes), 0)::bigint as bytes, (array_agg(part.id order by part.id desc))[1] as last
      from part`.execute(tx)
  return rows[0]
}
