import type { Run } from '@freehold/contracts'
import type { Caller } from '../identity/caller.ts'
import { type StartRunInput, startRun } from '../runs/start-run.ts'
import { waitForRun } from '../runs/watch-run.ts'
import type { ServiceRoute } from './find-route.ts'

/** How long the answer of a run that met its deadline may take to get here. */
const marginMs = 2_000

/**
 * Starts a run of the agent behind a service and waits for its end, which is the time limit of the service at the latest.
 * To call the service is enough: it stands for its owner, whose agent, budgets and conversations the run is of. Each call is
 * a conversation of its own, since the owner's may not be the caller's to read.
 */
export async function startServiceRun(
  caller: Caller,
  { environment, teamId, timeoutMs }: ServiceRoute,
  input: Pick<StartRunInput, 'agent' | 'message' | 'metadata' | 'user'>,
  signal: AbortSignal,
): Promise<Run> {
  const owner: Caller = {
    ...caller,
    permissions: new Set([...caller.permissions, 'runs:start']),
    teams: teamId === null ? null : [teamId],
  }
  const { runId } = await startRun(owner, { ...input, environment, deadlineMs: timeoutMs })
  return waitForRun(owner, runId, timeoutMs + marginMs, signal)
}
