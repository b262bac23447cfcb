import type { NewRunEvent, RunEvent, RunEventType } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Database, Tx } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import { type Lease, LeaseLostError } from './lease.ts'

/** Events and the number of the one they follow, so that an append that is tried again is not made twice. */
export interface Append {
  after: number
  events: readonly NewRunEvent[]
}

export async function appendEvents(
  database: Database,
  lease: Lease,
  { after, events }: Append,
): Promise<{ cancelRequestedBy: string | null }> {
  const metered = hasRows(events)
  const [row] = await database.call<{ cancel_requested_by: string | null }>(
    metered ? 'append-metered-events' : 'append-events',
    `select cancel_requested_by from ${metered ? 'append_metered_events' : 'append_events'}($1, $2, $3, $4, $5)`,
    [lease.tenantId, lease.runId, lease.token, after, encodeJson(events)],
  )
  if (!row) throw new LeaseLostError(lease.runId)
  return { cancelRequestedBy: row.cancel_requested_by }
}

export interface LeasedAppend extends Append {
  lease: Lease
}

/**
 * Appends to several runs of one tenant in one statement and one commit. The answer has a run's id when its events are
 * in; one that is missing has lost its lease. Not for events that `hasRows` finds.
 */
export async function appendShared(
  database: Database,
  tenantId: string,
  appends: readonly LeasedAppend[],
): Promise<Map<string, { cancelRequestedBy: string | null }>> {
  const wanted = appends.map(({ lease, after, events }) => ({ run: lease.runId, token: lease.token, after, events }))
  const rows = await database.call<{ run_id: string; cancel_requested_by: string | null }>(
    'append-shared',
    'select * from append_shared($1, $2)',
    [tenantId, encodeJson(wanted)],
  )
  return new Map(rows.map((row) => [row.run_id, { cancelRequestedBy: row.cancel_requested_by }]))
}

/** Whether some of these events stand in rows of their own besides, which the same statement writes. */
export function hasRows(events: readonly NewRunEvent[]): boolean {
  return events.some(({ type }) => rowEvents.has(type))
}

const rowEvents: ReadonlySet<RunEventType> = new Set(['model.finished', 'approval.requested', 'approval.used'])

/** The journal of a run after an event number, in order. */
export async function readJournal(
  database: Database,
  run: { tenantId: string; runId: string },
  after: number,
  limit: number,
): Promise<RunEvent[]> {
  const rows = await database.call<{ seq: number; type: string; at: Date; data: unknown }>(
    'read-events',
    'select * from read_events($1, $2, $3, $4)',
    [run.tenantId, run.runId, after, limit],
  )
  return rows.map(toEvent)
}

/** What the journal has of one step. */
export async function readStepJournal(
  tx: Tx,
  runId: string,
  { step, after, limit }: { step: string; after: number; limit: number },
): Promise<RunEvent[]> {
  const rows = await tx
    .selectFrom('run_events')
    .select(['seq', 'type', 'at', 'data'])
    .where('run_id', '=', runId)
    .where('seq', '>', after)
    .where(sql`data ->> 'step'`, '=', step)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map(toEvent)
}

/** The journal's writers are typed, so what the database holds for a type is that type's data. */
function toEvent({ seq, type, at, data }: { seq: number; type: string; at: Date; data: unknown }): RunEvent {
  return { seq, type, at: at.toISOString(), data } as RunEvent
}
