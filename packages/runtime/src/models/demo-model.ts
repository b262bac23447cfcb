import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ToolCall } from '@freehold/contracts'
import type { Answer, Progress } from './attempt.ts'
import { answerFromResults, answerUnfilled, answerWithoutTools, demoLabel } from './demo/answer.ts'
import { chooseOption, findOptions } from './demo/choose-option.ts'
import { readIntent } from './demo/intent.ts'
import type { ChatMessage, ModelRequest } from './model.ts'
import { estimateUsage } from './token-estimate.ts'

type Draft = Pick<Answer, 'text' | 'toolCalls' | 'finishReason'>

/**
 * The model that answers without a key: a script, the same answer to the same request, that calls tools by what their
 * names, descriptions and schemas say. One round of tools to a message, so it can't loop. Labels what it says.
 */
export async function answerAsDemo(request: ModelRequest, chunkMs: number, progress: Progress): Promise<Answer> {
  request.signal.throwIfAborted()
  progress.begun = true
  const draft = limit(decide(request), request.maxOutputTokens)
  await stream(draft.text, request, chunkMs, progress)
  return { ...draft, usage: estimateUsage(request, draft), estimated: false }
}

function decide(request: ModelRequest): Draft {
  const { message, turn } = lastTurn(request.messages)
  const options = findOptions(request.system)
  if (options.length > 0) return say(chooseOption(options, request.system, message))
  if (request.tools.length === 0 && /^You plan\b/.test(request.system)) return say(`Plan: answer "${message}".`)
  const calls = turn.flatMap((entry) => (entry.role === 'assistant' ? (entry.toolCalls ?? []) : []))
  const results = turn.filter((entry) => entry.role === 'tool')
  if (calls.length > 0 || results.length > 0) return sayLabelled(answerFromResults(calls, results, request.tools))
  const intent = readIntent(message, request.tools)
  if (intent.calls.length > 0) {
    const toolCalls = intent.calls.map(({ tool, input }, index) => toToolCall(request, index, tool.name, input))
    return { text: '', toolCalls, finishReason: 'tool-calls' }
  }
  if (intent.unfilled.length > 0) return sayLabelled(answerUnfilled(intent.unfilled))
  return sayLabelled(answerWithoutTools(message, request.tools))
}

/** The newest user message, and what has happened since. */
function lastTurn(messages: readonly ChatMessage[]): { message: string; turn: readonly ChatMessage[] } {
  const at = messages.findLastIndex((message) => message.role === 'user')
  const newest = messages[at]
  return { message: newest?.role === 'user' ? newest.content : '', turn: messages.slice(at + 1) }
}

function say(text: string): Draft {
  return { text, toolCalls: [], finishReason: 'stop' }
}

function sayLabelled(text: string): Draft {
  return say(`${text}\n\n${demoLabel}`)
}

/** Ids differ between the calls of a thread, because what came before them differs. */
function toToolCall(request: ModelRequest, index: number, name: string, input: unknown): ToolCall {
  const hash = createHash('sha256').update(JSON.stringify([request.messages, index]))
  return { id: `call_${hash.digest('hex').slice(0, 16)}`, name, input }
}

function limit(draft: Draft, maxOutputTokens: number): Draft {
  const maxLength = maxOutputTokens * 4
  if (draft.text.length <= maxLength) return draft
  return { ...draft, text: draft.text.slice(0, maxLength), finishReason: 'length' }
}

/** In some sixty chunks at the most, so that a long answer doesn't take long. */
async function stream(text: string, request: ModelRequest, chunkMs: number, progress: Progress): Promise<void> {
  if (!request.onText) return
  const size = Math.max(12, Math.ceil(text.length / 60))
  for (let offset = 0; offset < text.length; offset += size) {
    if (offset > 0) await pause(chunkMs, request.signal)
    request.onText(offset, text.slice(offset, offset + size))
    progress.outputLength = Math.min(offset + size, text.length)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
