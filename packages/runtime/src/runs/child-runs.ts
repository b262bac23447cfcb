import { type ClaimedRun, cleanText, LeaseLostError, readChildRun, startChildRun } from '@freehold/core'
import { uuidv7 } from 'uuidv7'
import { RunFailure } from './outcomes.ts'
import type { ChildOutcome } from './program.ts'
import type { Steps } from './steps.ts'

export interface Task {
  agent: string
  message: string
}

/** A step that has another agent do a task, in a run of its own. */
export function delegate(steps: Steps, task: Task): Promise<ChildOutcome> {
  return runChild(steps, steps.take('child'), task, null)
}

/** Starts the child run of a step, once, and waits for its end. Throws a `child_failed` when it can't be started. */
export async function runChild(
  steps: Steps,
  step: string,
  task: Task,
  toolCallId: string | null,
): Promise<ChildOutcome> {
  const finished = steps.replay.find(step, 'child.finished')
  if (finished) return finished
  const runId = steps.replay.find(step, 'child.started')?.runId ?? (await startChild(steps, step, task, toolCallId))
  steps.children.add(runId)
  const child = await steps.query((database) => readChildRun(database, steps.claimed.lease.tenantId, runId))
  if (child?.status === 'succeeded' || child?.status === 'failed' || child?.status === 'cancelled') {
    const outcome = { runId, status: child.status, output: child.output, error: child.error }
    steps.append({ type: 'child.finished', data: { step, toolCallId, ...outcome } })
    return outcome
  }
  return steps.park({ step, kind: 'child', until: null, runId })
}

async function startChild(steps: Steps, step: string, asked: Task, toolCallId: string | null): Promise<string> {
  const { claimed, engine } = steps
  // A model wrote it, and no text column takes everything that a model writes.
  const task = { agent: cleanText(asked.agent), message: cleanText(asked.message) }
  const deadlineMs = Math.max(1, Math.floor(steps.deadlineAtMs - steps.databaseNow()))
  const child = { id: uuidv7(), step, ...task, deadlineMs }
  const started = await steps.query(async (database) => {
    const answer = await startChildRun(database, claimed, child)
    if (answer.outcome === 'lease_lost') throw new LeaseLostError(steps.runId)
    return answer
  })
  if (!('runId' in started)) throw new RunFailure('child_failed', refusals[started.outcome](task.agent, claimed))
  steps.append({ type: 'child.started', data: { step, toolCallId, runId: started.runId, ...task } })
  engine.bus.publish({ kind: 'work' })
  return started.runId
}

const refusals = {
  agent_not_found: (agent: string) => `There is no agent named "${agent}".`,
  not_released: (agent: string, run: ClaimedRun) => `No version of "${agent}" is released to ${run.environment}.`,
  too_deep: (agent: string) => `"${agent}" was not asked, because delegations are nested too deep already.`,
}
