import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type CallModel, createModelCaller, type ModelCallerOverrides } from './index.ts'

export type Script = (response: ServerResponse, request: IncomingMessage) => void

export interface ScriptedServer extends AsyncDisposable {
  url: string
  requests: { headers: IncomingMessage['headers']; body: Record<string, unknown> }[]
}

/** Plays one script per request, the last one for all that follow: for faults that aimock can't script. */
export async function startScriptedServer(...scripts: [Script, ...Script[]]): Promise<ScriptedServer> {
  const requests: ScriptedServer['requests'] = []
  const server = createServer(async (request, response) => {
    const body: Record<string, unknown> = JSON.parse(await text(request))
    requests.push({ headers: request.headers, body })
    const script = scripts[Math.min(requests.length, scripts.length) - 1]
    script?.(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Answers with a status and, where given, headers and an OpenAI error body. */
export function fails(
  status: number,
  headers: Record<string, string> = {},
  error: Record<string, unknown> = {},
): Script {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ error: { message: `scripted ${status}`, ...error } }))
  }
}

/** A whole chat completion, as a stream. */
export function completes(
  text: string,
  usage: Record<string, unknown> | null = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
): Script {
  return (response) => {
    openStream(response, text)
    writeChunk(response, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
    if (usage) writeChunk(response, { choices: [], usage })
    response.end('data: [DONE]\n\n')
  }
}

/** Begins a stream and says `text`; then it is up to the script. */
export function openStream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  writeChunk(response, { choices: [{ index: 0, delta: { role: 'assistant', content: text } }] })
}

export function writeChunk(response: ServerResponse, chunk: Record<string, unknown>): void {
  const envelope = { id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm' }
  response.write(`data: ${JSON.stringify({ ...envelope, ...chunk })}\n\n`)
}

/** A caller with a server behind `openai/…`, and with another one as `spare/…`. */
export function callerOf(
  server: ScriptedServer,
  overrides: ModelCallerOverrides = { backoffMs: 1 },
  spare?: ScriptedServer,
): CallModel {
  const compatible = spare ? { spare: { baseUrl: spare.url } } : {}
  return createModelCaller({ openai: { apiKey: 'key', baseUrl: server.url }, compatible }, overrides)
}
