import { FreeholdError, type InDoubtDecision, type RedrivenRuns, type RedriveRuns, type Run } from '@freehold/contracts'
import { sql } from 'kysely'
import { type Change, recordChange } from '../audit/record-change.ts'
import type { Tx } from '../db/database.ts'
import { actorName, authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { assertInReach, findRun, runNotFound } from './get-run.ts'
import { threadBusy } from './thread-busy.ts'

/** Cancels a run and its children. One that is running ends as soon as its worker hears of it, seconds at the most. */
export async function cancelRun(caller: Caller, id: string): Promise<Run> {
  authorize(caller, 'runs:control')
  await assertInReach(caller, id)
  const call = sql`cancel_run(${caller.tenantId}, ${id}, ${actorName(caller)})`
  const outcome = await control(caller, id, call, 'run.cancelled')
  if (outcome !== 'ok') throw new FreeholdError('conflict', `The run has ended already: it ${outcome}.`)
  caller.platform.bus.publish({ kind: 'cancel', runId: id, by: actorName(caller) })
  return announce(caller, id, { ended: true })
}

/** Queues a failed run again. Its finished steps are not repeated. */
export async function redriveRun(caller: Caller, id: string): Promise<Run> {
  authorize(caller, 'runs:control')
  await assertInReach(caller, id)
  const call = sql`redrive_run(${caller.tenantId}, ${id}, ${actorName(caller)})`
  const outcome = await control(caller, id, call, 'run.redriven')
  const [state, answering] = outcome.split(' ')
  if (answering !== undefined) throw threadBusy(answering, 'Redrive this run')
  if (state !== 'ok') throw new FreeholdError('conflict', `Only a failed run can be redriven; this one is ${state}.`)
  return announce(caller, id)
}

/** Queues dead runs again, the oldest first, and tells how many more there are, and how many have to wait for others. */
export async function redriveRuns(caller: Caller, input: RedriveRuns): Promise<RedrivenRuns> {
  authorize(caller, 'runs:control')
  if (caller.environment) {
    const message = `This key is bound to ${caller.environment}. Redrive its runs one by one, or use another key.`
    throw new FreeholdError('permission_denied', message)
  }
  const { agent = null, code = null, from = null, to = null, limit } = input
  const { redriven, remaining, busy } = await caller.platform.database.withTenant(caller, async (tx) => {
    const { rows } = await sql<{ redriven: string[]; remaining: number; busy: number }>`select * from redrive_dead_runs(
      ${caller.tenantId}, ${actorName(caller)}, ${agent}, ${code}, ${from}, ${to}, ${limit})`.execute(tx)
    const outcome = rows[0] ?? { redriven: [], remaining: 0, busy: 0 }
    const after = { asked: input, redriven: outcome.redriven }
    await recordChange(tx, caller, { action: 'run.redriven', subjectId: 'dead', after })
    return outcome
  })
  for (const runId of redriven) caller.platform.bus.publish({ kind: 'run', runId })
  if (redriven.length > 0) caller.platform.bus.publish({ kind: 'work' })
  return { redriven: redriven.length, remaining, busy }
}

/** Answers "outcome unknown: retry, skip or fail?" for a tool call that was cut off. */
export async function decideRun(
  caller: Caller,
  id: string,
  input: { step: string; decision: InDoubtDecision },
): Promise<Run> {
  authorize(caller, 'runs:control')
  await assertInReach(caller, id)
  const { step, decision } = input
  const call = sql`decide_run(${caller.tenantId}, ${id}, ${step}, ${decision}, ${actorName(caller)})`
  const outcome = await control(caller, id, call, 'run.decided', { step, decision })
  if (outcome !== 'ok')
    throw new FreeholdError('conflict', `The run is ${outcome} and asks for no decision on "${step}".`)
  return announce(caller, id)
}

async function control(
  caller: TenantCaller,
  id: string,
  call: ReturnType<typeof sql>,
  action: Change['action'],
  given: Record<string, string> = {},
): Promise<string> {
  return caller.platform.database.withTenant(caller, async (tx) => {
    const before = await readStatus(tx, id)
    const { rows } = await sql<{ outcome: string }>`select ${call} as outcome`.execute(tx)
    const outcome = rows[0]?.outcome ?? 'not_found'
    if (outcome === 'not_found') throw runNotFound()
    if (outcome === 'ok') {
      const after = { ...(await readStatus(tx, id)), ...given }
      await recordChange(tx, caller, { action, subjectId: id, before, after })
    }
    return outcome
  })
}

/** Without a lock: the functions lock in an order of their own. The journal has the exact one. */
function readStatus(tx: Tx, id: string): Promise<{ agent: string; status: string } | undefined> {
  return tx.selectFrom('agent_runs').select(['agent', 'status']).where('id', '=', id).executeTakeFirst()
}

async function announce(caller: TenantCaller, id: string, change: { ended?: true } = {}): Promise<Run> {
  caller.platform.bus.publish({ kind: 'run', runId: id, ...change })
  caller.platform.bus.publish({ kind: 'work' })
  return findRun(caller, id)
}
