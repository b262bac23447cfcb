import type { Usage } from '@freehold/contracts'
import type { ModelRequest, WorstCase } from './model.ts'
import { costNanos } from './prices.ts'

/** What providers put around a conversation that isn't in the request: frames, and with tools their own instructions. */
const frameTokens = 64
const toolInstructionTokens = 1_024

/**
 * The most that one attempt can use and cost; null where no price is known. The cost is that of the dearest way to bill
 * the input: some providers charge more for what they write to a cache.
 */
export function worstCaseOf(model: string, request: ModelRequest, at: Date): WorstCase {
  const inputTokens = boundInputTokens(request)
  const outputTokens = request.maxOutputTokens
  const plain: Usage = { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
  const costs = [plain, { ...plain, cacheWriteTokens: inputTokens }].map((usage) => costNanos(model, usage, at))
  const known = costs.filter((cost) => cost !== null)
  return { inputTokens, outputTokens, costNanos: known.length === costs.length ? Math.max(...known) : null }
}

/**
 * No tokenizer in use makes more than one token of a byte of UTF-8, as all fall back to bytes. The JSON around the
 * messages covers what frames each of them. English has about four bytes to a token, so this is some four times too
 * much: the difference is free again as soon as the call is settled.
 */
function boundInputTokens({ system, messages, tools }: Pick<ModelRequest, 'system' | 'messages' | 'tools'>): number {
  const instructions = tools.length > 0 ? toolInstructionTokens : 0
  return Buffer.byteLength(JSON.stringify([system, messages, tools])) + frameTokens + instructions
}
