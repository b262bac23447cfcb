import type { ListRuns } from '@freehold/contracts'
import { systemAgents } from '../agents/system-agents.ts'
import type { PageQuery } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { endOfIdsAt, firstIdAt } from '../db/time.ts'
import type { Caller } from '../identity/caller.ts'

/** What lists of runs can be narrowed by, and which page of them. */
export type ListRunsQuery = PageQuery & Omit<Partial<ListRuns>, keyof PageQuery>

/** The runs that a caller may see: those of agents, or the platform's own, and where a key is bound, those there. */
export function selectRuns(tx: Tx, { environment }: Caller, system = false) {
  return tx
    .selectFrom('agent_runs')
    .where('agent', system ? 'like' : 'not like', systemAgents)
    .$if(!!environment, (q) => q.where('environment', '=', environment ?? ''))
}

type Runs = ReturnType<typeof selectRuns>

/** Those from a moment on, without reading what is older by more than a day. */
export function since(runs: Runs, from: Date): Runs {
  return runs.where('id', '>=', firstIdAt(from)).where('created_at', '>=', from)
}

/** Those of a query. */
export function matchRuns(runs: Runs, query: ListRunsQuery): Runs {
  const { agent, status, dead, threadId, from, to, startedBy, user, minCostNanos, parentRunId, rootRunId } = query
  let matching = runs
  if (agent !== undefined) matching = matching.where('agent', '=', agent)
  if (status !== undefined) matching = matching.where('status', 'in', status)
  if (dead !== undefined) matching = matching.where('dead', '=', dead)
  if (threadId !== undefined) matching = matching.where('thread_id', '=', threadId)
  if (from !== undefined) matching = since(matching, new Date(from))
  if (to !== undefined) {
    matching = matching.where('id', '<', endOfIdsAt(new Date(to))).where('created_at', '<', new Date(to))
  }
  if (startedBy !== undefined) matching = matching.where('principal', '=', startedBy)
  if (user !== undefined) matching = matching.where('on_behalf_of', '=', user)
  if (minCostNanos !== undefined) matching = matching.where('cost_nanos', '>=', minCostNanos)
  if (parentRunId !== undefined) matching = matching.where('parent_run_id', '=', parentRunId)
  if (rootRunId !== undefined)
    matching = matching.where('root_run_id', '=', rootRunId).where('parent_run_id', 'is not', null)
  return matching
}
