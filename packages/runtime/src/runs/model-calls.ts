import { ModelError, type ModelReply } from '../models/index.ts'
import { RunFailure } from './outcomes.ts'
import type { ModelQuestion } from './program.ts'
import type { Steps } from './steps.ts'

/** A step that asks the agent's model. */
export async function askModel(steps: Steps, question: Required<ModelQuestion>): Promise<ModelReply> {
  const step = steps.take('model')
  const known = steps.replay.find(step, 'model.finished')
  if (known) return known
  const reply = await steps.effect(() => callModel(steps, step, question))
  steps.append({ type: 'model.finished', data: { step, ...reply } })
  return reply
}

async function callModel(steps: Steps, step: string, question: Required<ModelQuestion>): Promise<ModelReply> {
  const { claimed, engine, runId } = steps
  const noteFailure = (model: string, { message }: Error) =>
    steps.append({ type: 'model.failed', data: { step, model, message } })
  try {
    return await engine.callModel({
      ...question,
      model: claimed.model,
      fallbackModels: claimed.fallbackModels,
      maxOutputTokens: claimed.limits.maxOutputTokens,
      timeoutMs: claimed.limits.modelTimeoutMs,
      signal: steps.signal,
      onText: (offset, delta) =>
        engine.bus.publish({ kind: 'text', runId, delta: { type: 'text.delta', step, offset, delta } }),
      onFallback: noteFailure,
    })
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    noteFailure(claimed.model, error)
    throw new RunFailure(error.code, error.message, { cause: error, retryable: error.retryable })
  }
}
