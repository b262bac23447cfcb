import { FreeholdError, type Page, type Run, type RunEvent, type RunStatus, type RunSummary } from '@freehold/contracts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { readJournal } from './journal.ts'
import { readRun, toRunSummary } from './present-run.ts'
import { selectRuns } from './select-runs.ts'

export async function getRun(caller: Caller, id: string): Promise<Run> {
  authorize(caller, 'runs:read')
  return findRun(caller, id)
}

/** Reads a run for a verb that has authorized its caller already. */
export async function findRun(caller: TenantCaller, id: string): Promise<Run> {
  const run = await caller.platform.database.withTenant(caller, (tx) => readRun(tx, id))
  if (!run || !isInReach(caller, run.environment)) throw runNotFound()
  return run
}

/** Whether a caller may see what runs in an environment. */
function isInReach({ environment: bound }: Caller, environment: string): boolean {
  return (bound ?? environment) === environment
}

/** Throws `not_found` for a run outside of the environment or the teams that the caller is bound to. */
export async function assertInReach(caller: TenantCaller, runId: string): Promise<void> {
  if (caller.environment || caller.teams) await findRun(caller, runId)
}

export function runNotFound(): FreeholdError {
  return new FreeholdError('not_found', 'There is no run with this id.')
}

export interface ListRunsQuery extends PageQuery {
  agent?: string | undefined
  status?: RunStatus | undefined
  threadId?: string | undefined
  /** The platform's own runs instead of those of agents. */
  system?: boolean | undefined
  dead?: boolean | undefined
}

export async function listRuns(caller: Caller, query: ListRunsQuery): Promise<Page<RunSummary>> {
  authorize(caller, 'runs:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  const { agent, status, threadId, dead, system = false } = query
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    selectRuns(tx, caller, system)
      .selectAll()
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .$if(agent !== undefined, (q) => q.where('agent', '=', agent ?? ''))
      .$if(status !== undefined, (q) => q.where('status', '=', status ?? ''))
      .$if(threadId !== undefined, (q) => q.where('thread_id', '=', threadId ?? ''))
      .$if(dead !== undefined, (q) => q.where('dead', '=', dead ?? false))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toRunSummary, ({ id }) => id)
}

export async function listRunEvents(
  caller: Caller,
  id: string,
  query: { after: number; limit: number },
): Promise<{ items: RunEvent[] }> {
  authorize(caller, 'runs:read')
  await assertInReach(caller, id)
  const items = await readJournal(
    caller.platform.database,
    { tenantId: caller.tenantId, runId: id },
    query.after,
    query.limit,
  )
  // Every run has its first event from birth on, so an empty journal means that there is no such run.
  if (items.length === 0) await findRun(caller, id)
  return { items }
}
