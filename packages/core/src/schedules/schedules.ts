import {
  type CreateSchedule,
  FreeholdError,
  type Page,
  type Run,
  runPriorities,
  type Schedule,
  type UpdateSchedule,
} from '@freehold/contracts'
import { sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { assertAgent } from '../agents/assert-agent.ts'
import { recordChange } from '../audit/record-change.ts'
import { canonicalJson } from '../canonical-json.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { encodeJson } from '../db/json.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'
import { findRun } from '../runs/get-run.ts'
import { admitRun, startRefused } from '../runs/start-run.ts'
import { planOf, type ScheduleRow, termsOf, toSchedule } from './present-schedule.ts'
import { nextTick, readPlan } from './ticks.ts'

/** More would be a mistake, or a load on whoever fires them. */
const mostSchedules = 1_000

/** Creates a schedule. The runs that it starts count as started by whoever made it, until somebody takes it over. */
export async function createSchedule(caller: Caller, input: CreateSchedule): Promise<Schedule> {
  authorize(caller, 'schedules:write')
  const row = await refusingTakenNames(input.name, () =>
    caller.platform.database.withTenant(caller, async (tx) => {
      const now = await readNow(tx)
      const plan = readPlan(input, now)
      await assertRoom(tx, caller.tenantId)
      await assertAgent(tx, input.agent)
      const created = await tx
        .insertInto('schedules')
        .values({
          tenant_id: caller.tenantId,
          id: uuidv7(),
          name: input.name,
          agent: input.agent,
          environment: input.environment,
          message: input.message,
          metadata: encodeJson(input.metadata),
          on_behalf_of: input.user ?? null,
          priority: runPriorities.indexOf(input.priority),
          cron: plan.cron,
          at: plan.at,
          time_zone: plan.timeZone,
          overlap: input.overlap,
          catch_up: input.catchUp,
          next_at: nextTick(plan, now),
          created_by: actorName(caller),
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      await recordChange(tx, caller, { action: 'schedule.created', subjectId: created.id, after: termsOf(created) })
      return created
    }),
  )
  return toSchedule(row)
}

/**
 * Changes what is given. A schedule that is resumed, or gets other times, goes on with the first of them from now. Whoever
 * changes what it runs takes it over: its runs count as started by them, so that they can't approve their own.
 */
export async function updateSchedule(caller: Caller, id: string, input: UpdateSchedule): Promise<Schedule> {
  authorize(caller, 'schedules:write')
  const row = await refusingTakenNames(input.name, () =>
    caller.platform.database.withTenant(caller, async (tx) => {
      const before = await lockSchedule(tx, id)
      const now = await readNow(tx)
      if (input.agent !== undefined) await assertAgent(tx, input.agent)
      const updated = await tx
        .updateTable('schedules')
        .set({
          name: input.name,
          agent: input.agent,
          environment: input.environment,
          message: input.message,
          metadata: input.metadata && encodeJson(input.metadata),
          on_behalf_of: input.user,
          priority: input.priority && runPriorities.indexOf(input.priority),
          overlap: input.overlap,
          catch_up: input.catchUp,
          updated_at: now,
          ...replan(before, input, now),
          ...(changesRuns(before, input) && { created_by: actorName(caller) }),
        })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow()
      const changed = { before: termsOf(before), after: termsOf(updated) }
      await recordChange(tx, caller, { action: 'schedule.updated', subjectId: id, ...changed })
      return updated
    }),
  )
  return toSchedule(row)
}

/** A form may well send all that it shows, so only what differs counts. */
function changesRuns(before: ScheduleRow, { agent, environment, message, metadata, user }: UpdateSchedule): boolean {
  const pairs = [
    [agent, before.agent],
    [environment, before.environment],
    [message, before.message],
    [metadata, before.metadata],
    [user, before.on_behalf_of],
  ]
  return pairs.some(([given, stored]) => given !== undefined && canonicalJson(given) !== canonicalJson(stored))
}

/** What an update makes of the times and the status. */
function replan(before: ScheduleRow, input: UpdateSchedule, now: Date) {
  const { cron, at, timeZone = before.time_zone } = input
  const given = cron !== undefined || at !== undefined
  const changes = given || timeZone !== before.time_zone
  const status = input.status ?? (changes && before.status === 'done' ? 'active' : before.status)
  if (!changes && status === before.status) return {}
  const times = given ? { cron: cron ?? null, at: at ?? null } : { cron: before.cron, at: before.at }
  const plan = changes ? readPlan({ ...times, timeZone }, now) : planOf(before)
  const next = nextTick(plan, now)
  if (status === 'active' && next === null) {
    throw new FreeholdError('conflict', 'Its time has passed. Give it another one with `at`, or a `cron`.')
  }
  return {
    cron: plan.cron,
    at: plan.at,
    time_zone: plan.timeZone,
    status,
    next_at: status === 'active' ? next : null,
  }
}

/** Deletes a schedule. Runs that it has started go on. */
export async function deleteSchedule(caller: Caller, id: string): Promise<Schedule> {
  authorize(caller, 'schedules:write')
  const row = await caller.platform.database.withTenant(caller, async (tx) => {
    const before = await lockSchedule(tx, id)
    const deleted = await tx
      .updateTable('schedules')
      .set({ status: 'deleted', next_at: null, updated_at: sql`now()` })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow()
    await recordChange(tx, caller, { action: 'schedule.deleted', subjectId: id, before: termsOf(before) })
    return deleted
  })
  return toSchedule(row)
}

export async function getSchedule(caller: Caller, id: string): Promise<Schedule> {
  authorize(caller, 'schedules:read')
  const row = await caller.platform.database.withTenant(caller, (tx) =>
    selectSchedules(tx).where('id', '=', id).executeTakeFirst(),
  )
  if (!row) throw scheduleNotFound()
  return toSchedule(row)
}

export async function listSchedules(caller: Caller, query: PageQuery): Promise<Page<Schedule>> {
  authorize(caller, 'schedules:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    selectSchedules(tx)
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toSchedule, ({ id }) => id)
}

/** Starts the run of a schedule now, whatever else of it is under way; its ticks stay as they are. */
export async function triggerSchedule(caller: Caller, id: string): Promise<Run> {
  authorize(caller, 'schedules:write')
  const [row] = await admitRun(caller, () =>
    caller.platform.database.call<{ outcome: string; run_id: string | null; agent: string; environment: string }>(
      'trigger-schedule',
      'select * from trigger_schedule($1, $2, $3, $4, $5)',
      [caller.tenantId, id, uuidv7(), actorName(caller), caller.requestId],
    ),
  )
  if (!row) throw scheduleNotFound()
  if (row.run_id === null) throw startRefused(row.outcome, row)
  caller.platform.bus.publish({ kind: 'work' })
  return findRun(caller, row.run_id)
}

function selectSchedules(tx: Tx) {
  return tx.selectFrom('schedules').selectAll().where('status', '<>', 'deleted')
}

async function lockSchedule(tx: Tx, id: string): Promise<ScheduleRow> {
  const row = await selectSchedules(tx).where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
  if (!row) throw scheduleNotFound()
  return row
}

function scheduleNotFound(): FreeholdError {
  return new FreeholdError('not_found', 'There is no schedule with this id.')
}

/** The database's clock decides when a tick is due, so it also decides what lies ahead. */
async function readNow(tx: Tx): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(tx)
  return rows[0]?.now ?? new Date()
}

/** One at a time, or two at once would both take the last place. */
async function assertRoom(tx: Tx, tenantId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`freehold.schedules:${tenantId}`}, 0))`.execute(tx)
  const { count } = await tx
    .selectFrom('schedules')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('status', '<>', 'deleted')
    .executeTakeFirstOrThrow()
  if (Number(count) < mostSchedules) return
  throw new FreeholdError(
    'conflict',
    `A tenant can have ${mostSchedules} schedules. Delete one that you no longer need.`,
  )
}

async function refusingTakenNames<T>(name: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new FreeholdError('conflict', `There is a schedule named "${name}" already. Choose another name.`)
  }
}
