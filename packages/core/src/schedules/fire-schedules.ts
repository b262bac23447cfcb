import { FreeholdError } from '@freehold/contracts'
import { sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import type { Bus } from '../bus/bus.ts'
import type { Database } from '../db/database.ts'
import { type CatchUp, nextTick, type Plan, ticksDue } from './ticks.ts'

interface DueRow {
  tenant_id: string
  id: string
  cron: string | null
  time_zone: string
  catch_up: CatchUp
  next_at: Date
  due_in_ms: number
  database_now: Date
}

export interface FireOptions {
  /** How far to look ahead, in milliseconds. */
  withinMs: number
  /** Schedules that are looked at, at the most. */
  limit: number
  onFailure: (error: unknown, schedule: { tenantId: string; scheduleId: string }) => void
}

/**
 * Starts the runs of the schedules that are due, by the database's clock. Any number of workers may do so at once. Returns
 * the milliseconds after which to look again, `withinMs` at the most. One that fails is put off, or it would stay first
 * and a few of them would keep everyone's from being looked at.
 */
export async function fireDueSchedules(
  { database, bus }: { database: Database; bus: Bus },
  { withinMs, limit, onFailure }: FireOptions,
): Promise<number> {
  const rows = await database.call<DueRow>('due-schedules', 'select * from door_due_schedules($1, $2)', [
    withinMs,
    limit,
  ])
  let waitMs = withinMs
  let dealtWith = 0
  for (const row of rows) {
    if (row.due_in_ms > 0) waitMs = Math.min(waitMs, row.due_in_ms)
    else {
      try {
        await fire(database, bus, row).catch((error: unknown) => putOff(database, row, error))
        dealtWith += 1
      } catch (error) {
        onFailure(error, { tenantId: row.tenant_id, scheduleId: row.id })
      }
    }
  }
  return dealtWith === limit ? 0 : waitMs
}

async function fire(database: Database, bus: Bus, row: DueRow): Promise<void> {
  const plan: Plan =
    row.cron === null
      ? { cron: null, at: row.next_at, timeZone: row.time_zone }
      : { cron: row.cron, at: null, timeZone: row.time_zone }
  const ticks = ticksDue(plan, row.catch_up, row.next_at, row.database_now)
  const outcomes = await database.call<{ outcome: string; run_id: string | null }>(
    'fire-schedule',
    'select * from fire_schedule($1, $2, $3, $4, $5, $6)',
    [row.tenant_id, row.id, row.next_at, ticks, ticks.map(() => uuidv7()), nextTick(plan, row.database_now)],
  )
  for (const { outcome, run_id: runId } of outcomes) {
    if (outcome === 'cancelled' && runId) bus.publish({ kind: 'cancel', runId, by: `schedule:${row.id}` })
  }
  if (outcomes.some(({ outcome }) => outcome === 'created')) bus.publish({ kind: 'work' })
}

/** Lets a schedule whose firing failed come again in a minute, unless another worker has moved it on. Throws the error. */
async function putOff(database: Database, row: DueRow, error: unknown): Promise<never> {
  // A database that is away fails for all of them, and to move them on would lose their ticks.
  if (!(error instanceof FreeholdError && error.code === 'unavailable')) {
    await database.withTenant(row.tenant_id, (tx) =>
      tx
        .updateTable('schedules')
        .set({ last_problem: 'failed', next_at: sql<Date>`now() + interval '1 minute'` })
        .where('id', '=', row.id)
        .where('status', '=', 'active')
        .where('next_at', '=', row.next_at)
        .execute(),
    )
  }
  throw error
}
