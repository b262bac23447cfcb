import { runPriorities, type Schedule } from '@freehold/contracts'
import type { Selectable } from 'kysely'
import type { Schedules } from '../db/schema.gen.ts'
import { type Plan, ticksFrom } from './ticks.ts'

export type ScheduleRow = Selectable<Schedules>

const timesShown = 5

export function toSchedule(row: ScheduleRow): Schedule {
  return {
    id: row.id,
    name: row.name,
    agent: row.agent,
    // Columns with a check constraint, and JSON that was parsed before it was stored.
    environment: row.environment as Schedule['environment'],
    metadata: row.metadata as Schedule['metadata'],
    overlap: row.overlap as Schedule['overlap'],
    catchUp: row.catch_up as Schedule['catchUp'],
    status: row.status as Schedule['status'],
    message: row.message,
    user: row.on_behalf_of,
    priority: runPriorities[row.priority] ?? 'normal',
    cron: row.cron,
    at: row.at?.toISOString() ?? null,
    timeZone: row.time_zone,
    nextTimes: row.next_at ? foresee(row, row.next_at).map((time) => time.toISOString()) : [],
    lastTickAt: row.last_tick_at?.toISOString() ?? null,
    lastRunId: row.last_run_id,
    lastProblem: row.last_problem && describeProblem(row.last_problem, row),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

/** What a schedule was set to, without what became of it. */
export function termsOf(row: ScheduleRow): Partial<Schedule> {
  const { nextTimes, lastTickAt, lastRunId, lastProblem, updatedAt, ...terms } = toSchedule(row)
  return terms
}

/** One whose plan can't be read any more (say, its time zone is gone) is shown all the same, so that it can be mended. */
function foresee(row: ScheduleRow, next: Date): Date[] {
  try {
    return ticksFrom(planOf(row), next, timesShown)
  } catch {
    return [next]
  }
}

/** What the row says about its times. The table has exactly one of `cron` and `at`. */
export function planOf({ cron, at, time_zone: timeZone }: Pick<ScheduleRow, 'cron' | 'at' | 'time_zone'>): Plan {
  if (cron !== null) return { cron, at: null, timeZone }
  if (at !== null) return { cron: null, at, timeZone }
  throw new Error('a schedule without times')
}

/** `problem` is what firing noted of the last tick. */
function describeProblem(problem: string, { agent, environment }: ScheduleRow): string {
  if (problem === 'overlap') return 'Skipped, because a run of this schedule was still under way.'
  if (problem === 'failed') return 'Not started: the schedule could not be evaluated. Give it its times anew.'
  if (problem === 'missed') return 'Missed: nothing was there to start the run in time, and catchUp is "none".'
  if (problem === 'not_released') return `Not started: no version of "${agent}" is released to ${environment}.`
  if (problem === 'agent_not_found') return `Not started: there is no agent named "${agent}".`
  return `Not started: ${problem.replaceAll('_', ' ')}.`
}
