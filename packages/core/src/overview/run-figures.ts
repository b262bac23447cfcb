import type { AgentFigures, Overview, RunFigures } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'
import { selectAgentFigures, shareOf, toAgentFigures } from '../runs/agent-figures.ts'
import { selectRuns, since } from '../runs/select-runs.ts'
import type { Period } from './period.ts'

const shownAgents = 5

export async function readRunFigures(
  tx: Tx,
  caller: Caller,
  period: Period,
): Promise<Pick<Overview, 'current' | 'previous'>> {
  const { from, to, previousFrom, previousTo } = period
  const runs = since(selectRuns(tx, caller), previousFrom)
    .where((eb) => eb.or([eb('created_at', '>=', from), eb('created_at', '<', previousTo)]))
    .select(sql<boolean>`created_at >= ${from}`.as('current'))
    .groupBy('current')
  const counts = await runs
    .select(['status', sql<number>`count(*)::int`.as('runs'), sql<number>`sum(cost_nanos)::bigint`.as('costNanos')])
    .groupBy('status')
    .execute()
  const durations = await runs
    .select(
      sql<number[]>`percentile_cont(array[0.5, 0.95]) within group (
        order by extract(epoch from finished_at - started_at)::float8 * 1000)`.as('quantiles'),
    )
    .where('status', 'in', ['succeeded', 'failed'])
    .execute()
  const of = (current: boolean) =>
    toFigures(
      counts.filter((row) => row.current === current),
      durations.find((row) => row.current === current)?.quantiles ?? [],
    )
  return {
    current: { from: from.toISOString(), to: to.toISOString(), ...of(true) },
    previous: { from: previousFrom.toISOString(), to: previousTo.toISOString(), ...of(false) },
  }
}

function toFigures(
  counts: { status: string; runs: number; costNanos: number }[],
  [p50, p95]: number[],
): Omit<RunFigures, 'from' | 'to'> {
  const of = (status: string) => counts.find((row) => row.status === status)?.runs ?? 0
  const [succeeded, failed] = [of('succeeded'), of('failed')]
  return {
    runs: counts.reduce((sum, { runs }) => sum + runs, 0),
    succeeded,
    failed,
    cancelled: of('cancelled'),
    successRate: shareOf(succeeded, succeeded + failed),
    durationMs: p50 === undefined || p95 === undefined ? null : { p50: Math.round(p50), p95: Math.round(p95) },
    costNanos: counts.reduce((sum, { costNanos }) => sum + costNanos, 0),
  }
}

/** By hour within a day, else by day. */
export async function readSeries(tx: Tx, caller: Caller, period: Period): Promise<Overview['series']> {
  const { days, from, timeZone } = period
  const counted = since(selectRuns(tx, caller), from)
    .select([
      (days === 1
        ? sql<Date>`date_bin('1 hour', created_at, ${from})`
        : sql<Date>`date_trunc('day', created_at, ${timeZone})`
      ).as('at'),
      sql<number>`count(*)::int`.as('runs'),
      sql<number>`count(*) filter (where status = 'failed')::int`.as('failed'),
      sql<number>`sum(cost_nanos)::bigint`.as('cost_nanos'),
    ])
    .groupBy('at')
  const buckets =
    days === 1
      ? sql`generate_series(${from}::timestamptz, now(), interval '1 hour') bucket (at)`
      : sql`(select day at time zone ${timeZone} as at from generate_series(
          ${from}::timestamptz at time zone ${timeZone}, now() at time zone ${timeZone}, interval '1 day') day) bucket`
  const { rows } = await sql<{ at: Date; runs: number; failed: number; costNanos: number }>`
    select bucket.at, coalesce(r.runs, 0) as runs, coalesce(r.failed, 0) as failed,
           coalesce(r.cost_nanos, 0) as "costNanos"
      from ${buckets} left join (${counted}) r on r.at = bucket.at order by bucket.at`.execute(tx)
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }))
}

/** The agents with the most runs. */
export async function readBusiestAgents(tx: Tx, caller: Caller, from: Date): Promise<AgentFigures[]> {
  const rows = await selectAgentFigures(tx, caller, from)
    .orderBy('runs', 'desc')
    .orderBy('agent')
    .limit(shownAgents)
    .execute()
  return rows.map(toAgentFigures)
}
