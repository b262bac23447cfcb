import { asSuperuser, type EffectLedger } from '@freehold/testkit'
import { type Claim, exactly } from './experiment.ts'

/** What the database says at the end, about every run of every tenant. */
export interface Audit {
  runs: number
  succeeded: number
  /** Runs that have not ended. */
  stuck: number
  /** Journals with a hole, with events after the end, or with more than one end. */
  torn: number
  /** Steps that a journal has as finished more than once. */
  repeated: number
}

export async function auditRuns(databaseUrl: string): Promise<Audit> {
  const [row] = await asSuperuser<Record<keyof Audit, string>>(databaseUrl, auditQuery)
  const { runs, succeeded, stuck, torn, repeated } = row ?? {}
  return {
    runs: Number(runs),
    succeeded: Number(succeeded),
    stuck: Number(stuck),
    torn: Number(torn),
    repeated: Number(repeated),
  }
}

const auditQuery = `
with journal as (
  select e.tenant_id, e.run_id, count(*) as events, max(e.seq) as last,
         count(*) filter (where e.type in ('run.succeeded', 'run.failed', 'run.cancelled')) as ends,
         max(e.seq) filter (where e.type in ('run.succeeded', 'run.failed', 'run.cancelled')) as ended_at
    from run_events e group by e.tenant_id, e.run_id
), repeated as (
  select 1 from run_events e where e.type like '%.finished'
   group by e.tenant_id, e.run_id, e.type, e.data ->> 'step' having count(*) > 1
)
select (select count(*) from agent_runs) as runs,
       (select count(*) from agent_runs where status = 'succeeded') as succeeded,
       (select count(*) from agent_runs where status in ('queued', 'running', 'waiting')) as stuck,
       (select count(*) from run_heads h left join journal j on j.tenant_id = h.tenant_id and j.run_id = h.run_id
         where j.events is distinct from h.last_seq or j.last is distinct from h.last_seq
            or j.ends > 1 or (j.ends = 1 and j.ended_at <> j.last)) as torn,
       (select count(*) from repeated) as repeated`

/** That exactly so many runs exist, that all of them succeeded, and that their journals are sound. */
export function runClaims(audit: Audit, expected: number): Claim[] {
  return [
    exactly('runs', audit.runs, expected),
    exactly('runs that did not succeed', audit.runs - audit.succeeded, 0),
    exactly('runs that are stuck', audit.stuck, 0),
    ...journalClaims(audit),
  ]
}

export function journalClaims(audit: Audit): Claim[] {
  return [
    exactly('journals with a gap, or with more than one end', audit.torn, 0),
    exactly('steps that finished twice', audit.repeated, 0),
  ]
}

/** The runs of one program: how each ended, how often a worker began on it, and how long it took from queue to end. */
export async function readRuns(databaseUrl: string, agent: string) {
  const rows = await asSuperuser<{ message: string; status: string; dead: boolean; attempts: string; ms: string }>(
    databaseUrl,
    `select r.message, r.status, r.dead, (select count(*) from run_events e
              where e.tenant_id = r.tenant_id and e.run_id = r.id and e.type in ('run.started', 'run.resumed')) as attempts,
            extract(epoch from r.finished_at - r.created_at) * 1000 as ms
       from agent_runs r where r.agent = $1`,
    [agent],
  )
  return rows.map(({ attempts, ms, ...row }) => ({ ...row, attempts: Number(attempts), latencyMs: Number(ms) }))
}

/** That each of the paths was paid once, and nothing else: the ledger counts requests with one key once. */
export function effectClaims(ledger: EffectLedger, paths: readonly string[]): Claim[] {
  const counts = new Map<string, number>()
  for (const { path } of ledger.effects()) counts.set(path, (counts.get(path) ?? 0) + 1)
  const missing = paths.filter((path) => !counts.has(path)).length
  return [
    exactly('effects that are missing', missing, 0),
    exactly('effects that happened more than once', ledger.effects().length - counts.size, 0),
    exactly('effects that nobody asked for', counts.size - (paths.length - missing), 0),
  ]
}

export function effectFigures(ledger: EffectLedger): Record<string, number> {
  const [arrivals, effects] = [ledger.arrivals().length, ledger.effects().length]
  return { effects, 'repeated calls that the key absorbed': arrivals - effects }
}

export interface Kill {
  pid: number
  atMs: number
}

/** For each run that a killed worker left: milliseconds from the kill until another worker resumed it. */
export async function readTakeovers(databaseUrl: string, kills: readonly Kill[]): Promise<number[]> {
  const rows = await asSuperuser<{ run_id: string; type: string; at: Date; worker: string | null }>(
    databaseUrl,
    `select run_id, type, at, data ->> 'worker' as worker from run_events
      where type in ('run.started', 'run.resumed', 'run.succeeded', 'run.failed') order by run_id, seq`,
  )
  const killedAt = new Map(kills.map(({ pid, atMs }) => [pid, atMs]))
  return rows.flatMap(({ run_id, worker, at }, index) => {
    const next = rows[index + 1]
    const diedAt = killedAt.get(Number(worker?.split(':').at(-2)))
    // It let the run go, or ended it, before it died.
    if (diedAt === undefined || at.getTime() > diedAt || next?.run_id !== run_id) return []
    return next.at.getTime() > diedAt && next.type === 'run.resumed' ? [next.at.getTime() - diedAt] : []
  })
}
