import { systemAgents } from '../agents/system-agents.ts'
import type { Tx } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'

/** The runs that a caller may see: those of agents, or the platform's own, and where a key is bound, those there. */
export function selectRuns(tx: Tx, { environment }: Caller, system = false) {
  return tx
    .selectFrom('agent_runs')
    .where('agent', system ? 'like' : 'not like', systemAgents)
    .$if(!!environment, (q) => q.where('environment', '=', environment ?? ''))
}
