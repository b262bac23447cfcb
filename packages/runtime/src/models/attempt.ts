import type { ToolCall, Usage } from '@freehold/contracts'
import type { ModelRequest } from './model.ts'
import { toCallOptions } from './prompt.ts'
import { type Account, brokenStreamFault, isRefusedOutright, timeoutFault, toProviderFault } from './provider-fault.ts'
import type { ProviderModel } from './providers.ts'
import { estimateInputTokens, estimateOutputTokens } from './token-estimate.ts'

export interface Answer {
  text: string
  toolCalls: ToolCall[]
  finishReason: string
  usage: Usage
  /** Whether the provider left it to us to count. */
  estimated: boolean
}

/** How far an attempt has come, for what it used when it breaks off. */
export interface Progress {
  /** Whether the provider may have begun to work, and so may bill. */
  begun: boolean
  /** Whether it has begun to answer. */
  answering: boolean
  /** Characters that it wrote: text, reasoning and what it calls tools with. */
  outputLength: number
}

type Draft = Pick<Answer, 'text' | 'toolCalls'>
type StreamPart = Awaited<ReturnType<ProviderModel['doStream']>>['stream'] extends ReadableStream<infer P> ? P : never
type ReportedUsage = Extract<StreamPart, { type: 'finish' }>['usage']

/**
 * One request, from the first byte to the last token. Throws `ProviderFault`, or the signal's reason when it aborts.
 */
export async function attempt(
  model: ProviderModel,
  provider: string,
  request: ModelRequest,
  progress: Progress,
  account: Account,
): Promise<Answer> {
  request.signal.throwIfAborted()
  const stop = new AbortController()
  const abort = () => stop.abort(request.signal.reason)
  request.signal.addEventListener('abort', abort, { once: true })
  const timer = setTimeout(() => stop.abort(timeoutFault(request.timeoutMs, progress.answering)), request.timeoutMs)
  try {
    // The race makes an abort immediate even where an SDK is slow to pass it on.
    return await Promise.race([collect(model, provider, request, stop.signal, progress), rejectOnAbort(stop.signal)])
  } catch (error) {
    request.signal.throwIfAborted()
    if (!stop.signal.aborted && !progress.answering && isRefusedOutright(error)) progress.begun = false
    throw toProviderFault(stop.signal.aborted ? stop.signal.reason : error, account, progress.answering)
  } finally {
    clearTimeout(timer)
    request.signal.removeEventListener('abort', abort)
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

async function collect(
  model: ProviderModel,
  provider: string,
  request: ModelRequest,
  signal: AbortSignal,
  progress: Progress,
): Promise<Answer> {
  progress.begun = true
  const { stream } = await model.doStream({ ...toCallOptions(request, provider), abortSignal: signal })
  progress.answering = true
  const draft: Draft = { text: '', toolCalls: [] }
  for await (const part of stream) {
    signal.throwIfAborted()
    if ('delta' in part) progress.outputLength += part.delta.length
    if (part.type === 'finish') return finish(draft, part, request)
    take(draft, part, request)
  }
  throw brokenStreamFault()
}

function take(draft: Draft, part: StreamPart, request: ModelRequest): void {
  if (part.type === 'text-delta' && part.delta !== '') {
    request.onText?.(draft.text.length, part.delta)
    draft.text += part.delta
  } else if (part.type === 'tool-call' && !part.providerExecuted) {
    draft.toolCalls.push({ id: part.toolCallId, name: part.toolName, input: parseInput(part.input) })
  } else if (part.type === 'error') {
    throw part.error
  }
}

function finish(draft: Draft, part: Extract<StreamPart, { type: 'finish' }>, request: ModelRequest): Answer {
  const { unified } = part.finishReason
  if (unified === 'interrupted' || unified === 'error') throw brokenStreamFault()
  // Some servers say "stop" of an answer that calls tools.
  const finishReason = draft.toolCalls.length > 0 && /^(stop|other)$/.test(unified) ? 'tool-calls' : unified
  return { ...draft, finishReason, ...toUsage(part.usage, request, draft) }
}

/** Malformed JSON stays a string, so that the tool's own check tells the model what was wrong with it. */
function parseInput(input: string): unknown {
  if (input.trim() === '') return {}
  try {
    return JSON.parse(input)
  } catch {
    return input
  }
}

/** A server that reports no usage is estimated, or its calls would cost a budget nothing. */
function toUsage(usage: ReportedUsage, request: ModelRequest, answer: Draft): Pick<Answer, 'usage' | 'estimated'> {
  const cacheReadTokens = toCount(usage.inputTokens.cacheRead)
  const cacheWriteTokens = toCount(usage.inputTokens.cacheWrite)
  const inputTokens = toCount(usage.inputTokens.total ?? estimateInputTokens(request))
  return {
    usage: {
      inputTokens: Math.max(inputTokens, cacheReadTokens + cacheWriteTokens),
      outputTokens: toCount(usage.outputTokens.total ?? estimateOutputTokens(request, answer)),
      cacheReadTokens,
      cacheWriteTokens,
      reasoningTokens: toCount(usage.outputTokens.reasoning),
    },
    estimated: usage.inputTokens.total === undefined || usage.outputTokens.total === undefined,
  }
}

function toCount(tokens: number | undefined): number {
  return tokens !== undefined && Number.isFinite(tokens) ? Math.max(0, Math.round(tokens)) : 0
}
