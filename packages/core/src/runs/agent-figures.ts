import type { AgentFigures } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'
import { selectRuns, since } from './select-runs.ts'

/** How the runs of each agent ended, and what they cost, since a moment. */
export function selectAgentFigures(tx: Tx, caller: Caller, from: Date) {
  return since(selectRuns(tx, caller), from)
    .select([
      'agent',
      sql<number>`count(*)::int`.as('runs'),
      sql<number>`count(*) filter (where status = 'succeeded')::int`.as('succeeded'),
      sql<number>`count(*) filter (where status = 'failed')::int`.as('failed'),
      sql<number>`sum(cost_nanos)::bigint`.as('cost_nanos'),
    ])
    .groupBy('agent')
}

type Row = Awaited<ReturnType<ReturnType<typeof selectAgentFigures>['executeTakeFirstOrThrow']>>

export function toAgentFigures({ agent, runs, succeeded, failed, cost_nanos }: Row): AgentFigures {
  return { agent, runs, failureRate: shareOf(failed, succeeded + failed), costNanos: cost_nanos }
}

export function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
