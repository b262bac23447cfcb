import type { Usage } from '@freehold/contracts'
import type { ModelRequest } from './model.ts'

/** About four characters to a token: for the demo model, and for servers that report no usage. */
function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4)
}

export function estimateInputTokens(request: Pick<ModelRequest, 'system' | 'messages' | 'tools'>): number {
  return estimateTokens(request.system + JSON.stringify(request.messages) + JSON.stringify(request.tools))
}

export function estimateOutputTokens(answer: { text: string; toolCalls: readonly unknown[] }): number {
  return estimateTokens(answer.text + (answer.toolCalls.length > 0 ? JSON.stringify(answer.toolCalls) : ''))
}

export function estimateUsage(
  request: Pick<ModelRequest, 'system' | 'messages' | 'tools'>,
  answer: { text: string; toolCalls: readonly unknown[] },
): Usage {
  return {
    inputTokens: estimateInputTokens(request),
    outputTokens: estimateOutputTokens(answer),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  }
}
