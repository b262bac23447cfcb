import type { SummarizeUsage, UsageGroup, UsageSummary } from '@freehold/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { readActorNames } from '../people/actor-names.ts'
import { readTimeZone } from '../tenancy/read-time-zone.ts'

const dayMs = 86_400_000
const shownGroups = 500

interface Span {
  from: Date
  to: Date
  timeZone: string
}

/** What was used of models, in sums. */
export async function summarizeUsage(caller: Caller, query: SummarizeUsage): Promise<UsageSummary> {
  authorize(caller, 'usage:read')
  const { groupBy } = query
  const { from, to } = readSpan(query)
  return caller.platform.database.withTenant(caller, async (tx) => {
    const timeZone = await readTimeZone(tx, caller.tenantId, query.timeZone)
    const groups = await readGroups(tx, groupBy, { from, to, timeZone })
    const shown = groupBy === 'day' ? groups : groups.slice(0, shownGroups)
    return {
      groupBy,
      from: from.toISOString(),
      to: to.toISOString(),
      timeZone,
      total: totalOf(groups),
      items: await named(tx, caller, groupBy, shown),
      omitted: groups.length - shown.length,
    }
  })
}

function readSpan(query: SummarizeUsage): { from: Date; to: Date } {
  const to = query.to === undefined ? new Date() : new Date(query.to)
  const from = query.from === undefined ? new Date(to.getTime() - 30 * dayMs) : new Date(query.from)
  if (from < to && to.getTime() - from.getTime() <= 400 * dayMs) return { from, to }
  throw invalidField('query.from', 'must be before `to`, by 400 days at most')
}

type Row = Omit<UsageGroup, 'name'>

const sums = sql`count(*)::int as calls, sum(input_tokens)::bigint as "inputTokens",
  sum(output_tokens)::bigint as "outputTokens", sum(cache_read_tokens)::bigint as "cacheReadTokens",
  coalesce(sum(cost_nanos), 0)::bigint as "costNanos", count(*) filter (where cost_nanos is null)::int as "unpricedCalls"`

/** What names the group of a run. */
const ofRun: Record<'agent' | 'person' | 'team', RawBuilder<string | null>> = {
  agent: sql`r.agent`,
  person: sql`coalesce('user:' || r.on_behalf_of, r.principal)`,
  team: sql`r.team`,
}

async function readGroups(tx: Tx, groupBy: UsageSummary['groupBy'], span: Span): Promise<Row[]> {
  if (groupBy === 'day') return readDays(tx, span)
  return groupBy === 'model' ? readModels(tx, span) : readGroupsOfRuns(tx, ofRun[groupBy], span)
}

async function readModels(tx: Tx, { from, to }: Span): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select model as key, null as runs, ${sums} from usage_records u where u.created_at >= ${from} and u.created_at < ${to}
     group by model order by "costNanos" desc, key`.execute(tx)
  return rows
}

/** Sums up each run first, so that every run is looked up once. */
async function readGroupsOfRuns(tx: Tx, key: RawBuilder<string | null>, { from, to }: Span): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select ${key} as key, count(*)::int as runs, sum(s.calls)::int as calls, sum(s."inputTokens")::bigint as "inputTokens",
           sum(s."outputTokens")::bigint as "outputTokens", sum(s."cacheReadTokens")::bigint as "cacheReadTokens",
           sum(s."costNanos")::bigint as "costNanos", sum(s."unpricedCalls")::int as "unpricedCalls"
      from (
        select run_id, ${sums} from usage_records u where u.created_at >= ${from} and u.created_at < ${to} group by run_id
      ) s join agent_runs r on r.id = s.run_id
     group by 1 order by "costNanos" desc, key`.execute(tx)
  return rows
}

/** Every day of the span, also those without a call. */
async function readDays(tx: Tx, { from, to, timeZone }: Span): Promise<Row[]> {
  const { rows } = await sql<Row & { at: Date }>`
    select day at time zone ${timeZone} as at, coalesce(calls, 0) as calls, coalesce(runs, 0) as runs,
           coalesce("inputTokens", 0) as "inputTokens", coalesce("outputTokens", 0) as "outputTokens",
           coalesce("cacheReadTokens", 0) as "cacheReadTokens", coalesce("costNanos", 0) as "costNanos",
           coalesce("unpricedCalls", 0) as "unpricedCalls"
      from generate_series(date_trunc('day', ${from}::timestamptz at time zone ${timeZone}),
             (${to}::timestamptz - interval '1 microsecond') at time zone ${timeZone}, interval '1 day') day
      left join (
        select date_trunc('day', u.created_at, ${timeZone}) as used_at, count(distinct run_id)::int as runs, ${sums}
          from usage_records u where u.created_at >= ${from} and u.created_at < ${to} group by 1
      ) used on used_at = day at time zone ${timeZone}
     order by day`.execute(tx)
  return rows.map(({ at, ...row }) => ({ ...row, key: at.toISOString() }))
}

async function named(tx: Tx, caller: Caller, groupBy: UsageSummary['groupBy'], rows: Row[]): Promise<UsageGroup[]> {
  const keys = rows.flatMap(({ key }) => key ?? [])
  const names = groupBy === 'person' ? await readActorNames(tx, caller, keys) : await readTeamNames(tx, groupBy)
  return rows.map((row) => ({ ...row, name: nameOf(row.key, names) }))
}

function nameOf(key: string | null, names: ReadonlyMap<string, string>): string | null {
  if (key?.startsWith('user:')) return key.slice('user:'.length)
  return names.get(key ?? '') ?? null
}

async function readTeamNames(tx: Tx, groupBy: UsageSummary['groupBy']): Promise<ReadonlyMap<string, string>> {
  const teams = groupBy === 'team' ? await tx.selectFrom('teams').select(['id', 'name']).execute() : []
  return new Map(teams.map(({ id, name }) => [id, name]))
}

function totalOf(groups: readonly Row[]): UsageSummary['total'] {
  const sum = (pick: (group: Row) => number) => groups.reduce((total, group) => total + pick(group), 0)
  return {
    calls: sum(({ calls }) => calls),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    cacheReadTokens: sum(({ cacheReadTokens }) => cacheReadTokens),
    costNanos: sum(({ costNanos }) => costNanos),
    unpricedCalls: sum(({ unpricedCalls }) => unpricedCalls),
  }
}
