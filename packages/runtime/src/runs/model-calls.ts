import { ModelError, type ModelReply } from '../models/index.ts'
import { askForRaise, awaitKnownRaises } from './budget-raises.ts'
import { RunFailure } from './outcomes.ts'
import type { ModelQuestion } from './program.ts'
import { CallRefusedError } from './run-meter.ts'
import type { Steps } from './steps.ts'

/** A step that asks the agent's model. */
export async function askModel(steps: Steps, question: Required<ModelQuestion>): Promise<ModelReply> {
  const step = steps.take('model')
  const known = steps.replay.find(step, 'model.finished')
  if (known) return known
  const reply = await callWithinBudgets(steps, step, question)
  steps.meter.answered(reply)
  steps.append({ type: 'model.finished', data: { step, ...reply } })
  return reply
}

/** A call that a budget refuses ends the run, or waits for an approval to raise the budget, as the agent's policy says. */
async function callWithinBudgets(steps: Steps, step: string, question: Required<ModelQuestion>): Promise<ModelReply> {
  const expired = await awaitKnownRaises(steps, step)
  for (;;) {
    try {
      return await steps.effect(() => callModel(steps, step, question))
    } catch (error) {
      if (!(error instanceof CallRefusedError)) throw error
      await askForRaise(steps, step, error, expired)
    }
  }
}

async function callModel(steps: Steps, step: string, question: Required<ModelQuestion>): Promise<ModelReply> {
  const { claimed, engine, runId } = steps
  const noteFailure = (model: string, { message }: Error) =>
    steps.append({ type: 'model.failed', data: { step, model, message } })
  try {
    return await engine.callModel({
      ...question,
      tenantId: claimed.lease.tenantId,
      model: claimed.model,
      fallbackModels: claimed.fallbackModels,
      maxOutputTokens: claimed.limits.maxOutputTokens,
      timeoutMs: claimed.limits.modelTimeoutMs,
      signal: steps.signal,
      onText: (offset, delta) =>
        engine.bus.publish({ kind: 'text', runId, delta: { type: 'text.delta', step, offset, delta } }),
      onFallback: noteFailure,
      meter: steps.meter.ofStep(steps, step),
    })
  } catch (error) {
    // Whoever asks again, maybe another worker, begins the text anew.
    engine.bus.publish({ kind: 'run', runId, finishedSteps: [step] })
    if (!(error instanceof ModelError)) throw error
    noteFailure(claimed.model, error)
    const { retryable, retryAfterMs } = error
    throw new RunFailure(error.code, error.message, { cause: error, retryable, retryAfterMs })
  }
}
