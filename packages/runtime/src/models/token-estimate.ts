import type { Usage } from '@freehold/contracts'
import type { ModelRequest } from './model.ts'

/** About four characters to a token: for the demo model, for servers that report no usage, and for what broke off. */
export function tokensOfLength(characters: number): number {
  return Math.ceil(characters / 4)
}

export function estimateInputTokens(request: Pick<ModelRequest, 'system' | 'messages' | 'tools'>): number {
  const { system, messages, tools } = request
  return tokensOfLength(system.length + JSON.stringify(messages).length + JSON.stringify(tools).length)
}

/** An answer is not longer than it was allowed to be, whatever the estimate. */
export function estimateOutputTokens(
  { maxOutputTokens }: Pick<ModelRequest, 'maxOutputTokens'>,
  { text, toolCalls }: { text: string; toolCalls: readonly unknown[] },
): number {
  const length = text.length + (toolCalls.length > 0 ? JSON.stringify(toolCalls).length : 0)
  return Math.min(tokensOfLength(length), maxOutputTokens)
}

export function estimateUsage(
  request: Pick<ModelRequest, 'system' | 'messages' | 'tools' | 'maxOutputTokens'>,
  answer: { text: string; toolCalls: readonly unknown[] },
): Usage {
  return {
    inputTokens: estimateInputTokens(request),
    outputTokens: estimateOutputTokens(request, answer),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  }
}
