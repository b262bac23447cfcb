import type { Usage } from '@freehold/contracts'
import type { Answer, Progress } from './attempt.ts'
import type { ModelRequest, TokenPrice, WorstCase } from './model.ts'
import { costNanos } from './prices.ts'
import { estimateInputTokens, tokensOfLength } from './token-estimate.ts'
import { worstCaseOf } from './worst-case.ts'

export interface MeteredAnswer extends Answer {
  /** Nano-USD; null when the price is not known. */
  costNanos: number | null
  callId?: string
  /** Settles an answer that is not to be used. */
  discard: () => Promise<void>
}

/**
 * Makes one attempt, if its worst case can be set aside. An attempt that brings no answer is settled here; one that
 * does, by whoever uses the answer.
 */
export async function meteredAttempt(
  model: string,
  request: ModelRequest,
  send: (progress: Progress) => Promise<Answer>,
): Promise<MeteredAnswer> {
  const at = new Date()
  const progress: Progress = { begun: false, answering: false, outputLength: 0 }
  const { meter } = request
  if (!meter) {
    const answer = await send(progress)
    return { ...answer, costNanos: costNanos(model, answer.usage, at), discard: async () => {} }
  }
  const worstCase = worstCaseOf(model, request, at)
  const { id: callId, assumedPrice } = await meter.reserve(model, worstCase)
  const bill = (usage: Usage) => toCostNanos(model, usage, assumedPrice, at)
  try {
    const answer = await send(progress)
    const { usage } = answer
    // An assumed price is an estimate, too.
    const used = { usage, costNanos: bill(usage), estimated: answer.estimated || assumedPrice !== null }
    return { ...answer, ...used, callId, discard: () => meter.settle(callId, { outcome: 'answered', ...used }) }
  } catch (error) {
    const usage = usageSoFar(request, progress, worstCase)
    const outcome = progress.begun ? 'broken' : 'unanswered'
    await meter.settle(callId, { outcome, usage, costNanos: bill(usage), estimated: true })
    throw error
  }
}

function usageSoFar(request: ModelRequest, progress: Progress, worstCase: WorstCase): Usage {
  return {
    inputTokens: progress.begun ? Math.min(estimateInputTokens(request), worstCase.inputTokens) : 0,
    outputTokens: Math.min(tokensOfLength(progress.outputLength), worstCase.outputTokens),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  }
}

function toCostNanos(model: string, usage: Usage, assumed: TokenPrice | null, at: Date): number | null {
  if (!assumed) return costNanos(model, usage, at)
  return usage.inputTokens * assumed.inputNanosPerToken + usage.outputTokens * assumed.outputNanosPerToken
}
