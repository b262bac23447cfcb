import { type EventData, FreeholdError } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import { actorName, authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { assertInReach } from '../runs/get-run.ts'

type Waits = EventData<'run.waiting'>['waits']

/** A point in a run's journal from which nothing but people could make it go on. */
export interface Interruption {
  runId: string
  agent: string
  threadId: string
  /** Number of the event at which the run began to wait. */
  seq: number
  waits: Waits
  /** What was asked, with the arguments that a decision would be about now. */
  asked: EventData<'approval.requested'>[]
  /** The approvals on which the caller could still decide. */
  undecided: ReadonlySet<string>
  /** Whether the run still stands there. */
  lasts: boolean
}

/** Finds where a run waited for exactly these approvals. */
export async function findInterruption(caller: Caller, approvalIds: readonly string[]): Promise<Interruption> {
  authorize(caller, 'runs:read')
  const found = await caller.platform.database.withTenant(caller, async (tx) => {
    const approvals = await readApprovals(tx, caller, approvalIds)
    const [first] = approvals
    if (!first || approvals.length < approvalIds.length) {
      throw new FreeholdError('not_found', 'There is no approval with one of these ids.')
    }
    const wait = await findWait(tx, first.run_id, approvalIds)
    if (!wait) {
      throw new FreeholdError('conflict', 'No run waited for exactly these approvals. Answer those of one interrupt.')
    }
    const run = await tx
      .selectFrom('agent_runs')
      .innerJoin('run_heads', 'run_heads.run_id', 'agent_runs.id')
      .select(['agent', 'thread_id', 'last_seq'])
      .where('agent_runs.id', '=', first.run_id)
      .executeTakeFirstOrThrow()
    return {
      runId: first.run_id,
      agent: run.agent,
      threadId: run.thread_id,
      ...wait,
      asked: approvals.map(({ asked }) => asked),
      undecided: new Set(approvals.filter(({ undecided }) => undecided).map(({ id }) => id)),
      lasts: run.last_seq === wait.seq && approvals.every(({ open }) => open),
    }
  })
  await assertInReach(caller, found.runId)
  return found
}

async function readApprovals(tx: Tx, caller: TenantCaller, ids: readonly string[]) {
  const rows = await tx
    .selectFrom('approvals as a')
    .innerJoin('run_events as e', (join) =>
      join.onRef('e.run_id', '=', 'a.run_id').on(sql`e.data ->> 'approvalId'`, '=', sql`a.id::text`),
    )
    .select(['a.id', 'a.run_id', 'a.edited_hash', 'a.edited_arguments', 'e.data'])
    .select(sql<boolean>`a.status = 'pending' and a.expires_at > now()`.as('open'))
    .select(
      sql<boolean>`a.status = 'pending' and not exists (
        select 1 from approval_decisions d
         where d.approval_id = a.id and d.actor = ${actorName(caller)}
           and d.arguments_hash = coalesce(a.edited_hash, a.arguments_hash))`.as('undecided'),
    )
    .where('a.id', 'in', [...ids])
    .where('e.type', '=', 'approval.requested')
    .execute()
  return rows.map(({ data, edited_hash, edited_arguments, ...row }) => {
    // The journal's writers are typed.
    const asked = data as EventData<'approval.requested'>
    const edited = edited_hash === null ? {} : { arguments: edited_arguments, argumentsHash: edited_hash }
    return { ...row, asked: { ...asked, ...edited } }
  })
}

async function findWait(
  tx: Tx,
  runId: string,
  approvalIds: readonly string[],
): Promise<{ seq: number; waits: Waits } | undefined> {
  const events = await tx
    .selectFrom('run_events')
    .select(['seq', 'data'])
    .where('run_id', '=', runId)
    .where('type', '=', 'run.waiting')
    .orderBy('seq', 'desc')
    .execute()
  return events
    .map(({ seq, data }) => ({ seq, waits: (data as EventData<'run.waiting'>).waits }))
    .find(
      ({ waits }) =>
        waits.length === approvalIds.length && waits.every(({ approvalId }) => approvalIds.includes(approvalId ?? '')),
    )
}
