import { FreeholdError, runPriorities, type StartRun } from '@freehold/contracts'
import { uuidv7 } from 'uuidv7'
import { isSystemAgent } from '../agents/system-agents.ts'
import { encodeJson } from '../db/json.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'

export interface StartRunInput extends Omit<StartRun, 'priority'> {
  agent: string
  /** A name that the client gave the run; starting it again finds the first one. */
  clientKey?: string
  priority?: StartRun['priority']
}

/** Accepts a run: when this returns, the run is in the database and will be executed, whatever process dies. */
export async function startRun(caller: Caller, input: StartRunInput): Promise<{ runId: string; created: boolean }> {
  authorize(caller, 'runs:start')
  if (isSystemAgent(input.agent)) throw startRefused('agent_not_found', input)
  const runId = uuidv7()
  const [row] = await caller.platform.database.call<{ outcome: string; run_id: string }>(
    'start-run-by-caller',
    `select * from start_run($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, p_user => $12,
       p_priority => $13::int::smallint)`,
    [
      caller.tenantId,
      runId,
      input.agent,
      input.environment,
      input.threadId ?? runId,
      input.message,
      encodeJson(input.metadata),
      input.deadlineMs ?? null,
      actorName(caller),
      caller.requestId,
      input.clientKey ?? null,
      input.user ?? null,
      runPriorities.indexOf(input.priority ?? 'normal'),
    ],
  )
  if (row?.outcome === 'created') caller.platform.bus.publish({ kind: 'work' })
  if (row?.outcome === 'created' || row?.outcome === 'existing') {
    return { runId: row.run_id, created: row.outcome === 'created' }
  }
  throw startRefused(row?.outcome, input)
}

/** Why `start_run` started nothing, in words for who asked. */
export function startRefused(
  outcome: string | undefined,
  { agent, environment }: { agent: string; environment: string },
): FreeholdError {
  if (outcome === 'not_released') {
    return new FreeholdError(
      'conflict',
      `No version of "${agent}" is released to ${environment}. Release one with PUT /api/v1/agents/${agent}/releases/${environment}.`,
    )
  }
  return new FreeholdError('not_found', `There is no agent named "${agent}".`)
}
