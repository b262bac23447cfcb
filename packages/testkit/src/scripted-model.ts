import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

export interface ModelQuestionOnWire {
  model: string
  messages: readonly { role: string; content?: string | null; tool_call_id?: string }[]
}

export interface ScriptedAnswer {
  text?: string
  toolCalls?: readonly { id: string; name: string; input: unknown }[]
  /** Characters per chunk; the whole text at once when absent. */
  chunkSize?: number
  /** Pause between two chunks, in milliseconds. */
  chunkDelayMs?: number
  /** 100 and 10 tokens when absent. */
  usage?: { inputTokens: number; outputTokens: number }
  /** Awaited before the first byte. */
  before?: Promise<unknown>
  /** Refuses with this status instead of answering. */
  refusal?: { status: number; retryAfterSeconds: number }
  /** Awaited when half of the text has been sent. */
  halfway?: Promise<unknown>
}

export interface ModelArrival {
  question: ModelQuestionOnWire
  /** Whether the whole answer was sent. */
  answered: boolean
  /** Whether the caller hung up before that. */
  hungUp: boolean
}

export interface ScriptedModel extends AsyncDisposable {
  /** For OPENAI_BASE_URL. */
  readonly url: string
  readonly arrivals: readonly ModelArrival[]
}

/**
 * An OpenAI-compatible server whose answers a function gives. It can stop in the middle, and it sees its caller hang
 * up. The function gets the question and how many tool results it holds, so a question asked twice is answered alike.
 */
export async function startScriptedModel(
  answer: (question: ModelQuestionOnWire, toolResults: number) => ScriptedAnswer,
): Promise<ScriptedModel> {
  const arrivals: ModelArrival[] = []
  const server = createServer(async (request, response) => {
    const question: ModelQuestionOnWire = JSON.parse(await text(request))
    const arrival: ModelArrival = { question, answered: false, hungUp: false }
    arrivals.push(arrival)
    response.on('close', () => {
      arrival.hungUp = !arrival.answered
    })
    await play(response, arrival, answer(question, question.messages.filter(({ role }) => role === 'tool').length))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    arrivals,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function play(response: ServerResponse, arrival: ModelArrival, script: ScriptedAnswer): Promise<void> {
  const { text: words = '', toolCalls = [], chunkSize = words.length || 1 } = script
  await script.before
  if (response.destroyed) return
  if (script.refusal) {
    response.writeHead(script.refusal.status, { 'retry-after': String(script.refusal.retryAfterSeconds) })
    response.end()
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let at = 0; at < words.length && !response.destroyed; at += chunkSize) {
    if (at > 0 && at + chunkSize > words.length / 2 && at <= words.length / 2) await script.halfway
    writeChunk(response, { content: words.slice(at, at + chunkSize) })
    if (script.chunkDelayMs) await delay(script.chunkDelayMs)
  }
  if (response.destroyed) return
  for (const [index, { id, name, input }] of toolCalls.entries()) {
    const call = { index, id, type: 'function', function: { name, arguments: JSON.stringify(input) } }
    writeChunk(response, { tool_calls: [call] })
  }
  writeChunk(response, {}, toolCalls.length > 0 ? 'tool_calls' : 'stop')
  const { inputTokens, outputTokens } = script.usage ?? { inputTokens: 100, outputTokens: 10 }
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  }
  response.write(`data: ${JSON.stringify({ ...envelope, choices: [], usage })}\n\n`)
  arrival.answered = true
  response.end('data: [DONE]\n\n')
}

const envelope = { id: 'scripted', object: 'chat.completion.chunk', created: 0, model: 'scripted' }

function writeChunk(
  response: ServerResponse,
  delta: Record<string, unknown>,
  finishReason: string | null = null,
): void {
  const choices = [{ index: 0, delta: { role: 'assistant', ...delta }, finish_reason: finishReason }]
  response.write(`data: ${JSON.stringify({ ...envelope, choices })}\n\n`)
}
