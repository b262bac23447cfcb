import { FreeholdError, type Page, type Run, type RunEvent, type RunSummary } from '@freehold/contracts'
import { cursorKeys, decodeCursor, toPage } from '../cursor.ts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { readActorNames } from '../people/actor-names.ts'
import { readJournal, readStepJournal } from './journal.ts'
import { readRun, toRunSummary } from './present-run.ts'
import { type ListRunsQuery, matchRuns, selectRuns } from './select-runs.ts'

export async function getRun(caller: Caller, id: string): Promise<Run> {
  authorize(caller, 'runs:read')
  return findRun(caller, id)
}

/** Reads a run for a verb that has authorized its caller already. */
export async function findRun(caller: TenantCaller, id: string): Promise<Run> {
  const run = await caller.platform.database.withTenant(caller, (tx) => readRun(tx, caller, id))
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

export async function listRuns(caller: Caller, query: ListRunsQuery): Promise<Page<RunSummary>> {
  authorize(caller, 'runs:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  return caller.platform.database.withTenant(caller, async (tx) => {
    const rows = await matchRuns(selectRuns(tx, caller, query.system), query)
      .selectAll()
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute()
    const names = await readActorNames(
      tx,
      caller,
      rows.map(({ principal }) => principal),
    )
    return toPage(
      rows,
      query.limit,
      (row) => toRunSummary(row, names),
      ({ id }) => id,
    )
  })
}

export async function listRunEvents(
  caller: Caller,
  id: string,
  query: { after: number; limit: number; step?: string | undefined },
): Promise<{ items: RunEvent[] }> {
  authorize(caller, 'runs:read')
  await assertInReach(caller, id)
  const { step, after, limit } = query
  const { database } = caller.platform
  const items =
    step === undefined
      ? await readJournal(database, { tenantId: caller.tenantId, runId: id }, after, limit)
      : await database.withTenant(caller, (tx) => readStepJournal(tx, id, { step, after, limit }))
  // Every run has its first event from birth on, so an empty journal means that there is no such run.
  if (items.length === 0) await findRun(caller, id)
  return { items }
}
