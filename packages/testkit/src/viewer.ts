import type { RunEvent, TextDelta } from '@freehold/contracts'
import { isTerminalEvent } from '@freehold/contracts'
import { waitFor } from './wait-for.ts'

export interface Viewed {
  /** Journal events, in the order in which they came, over all connections. */
  events: RunEvent[]
  /** Live text, by connection. */
  texts: TextDelta[][]
  /** Connections that were made. */
  connections: number
  /** From the end of each connection to the first frame of the next, in milliseconds. */
  resumesMs: number[]
}

export interface ViewOptions {
  url: string
  apiKey: string
  runId: string
  /** After how many frames each connection is cut; those after the last one stay. */
  cuts?: readonly number[]
  /** Asked for each connection: after how many milliseconds it is cut. */
  cutAfterMs?: () => number
  /** Told of every frame. */
  onFrame?: (frame: RunEvent | TextDelta) => void
}

/** Watches a run as a browser's EventSource does: by `Last-Event-ID`, over connections that break. */
export async function view(options: ViewOptions): Promise<Viewed> {
  const viewed: Viewed = { events: [], texts: [], connections: 0, resumesMs: [] }
  let brokenAt: number | undefined
  while (!viewed.events.slice(-1).some(isTerminalEvent)) {
    const connection = await waitFor(() => connect(options, viewed.events.at(-1)?.seq ?? 0), {
      timeoutMs: 60_000,
      pollMs: 100,
      what: 'a connection to the event stream',
    })
    const since = brokenAt
    await follow(connection, options, viewed, () => {
      if (since !== undefined) viewed.resumesMs.push(performance.now() - since)
    })
    brokenAt = performance.now()
  }
  return viewed
}

interface Connection {
  frames: ReadableStream<Uint8Array>
  abort: AbortController
}

async function connect({ url, apiKey, runId }: ViewOptions, lastEventId: number): Promise<Connection | undefined> {
  const abort = new AbortController()
  const headers = {
    authorization: `Bearer ${apiKey}`,
    accept: 'text/event-stream',
    ...(lastEventId > 0 && { 'last-event-id': String(lastEventId) }),
  }
  const response = await fetch(`${url}/api/v1/runs/${runId}/events`, { headers, signal: abort.signal }).catch(
    () => undefined,
  )
  return response?.ok && response.body ? { frames: response.body, abort } : undefined
}

async function follow(
  { frames, abort }: Connection,
  { cuts, cutAfterMs, onFrame }: ViewOptions,
  viewed: Viewed,
  onFirstFrame: () => void,
): Promise<void> {
  const texts: TextDelta[] = []
  viewed.texts.push(texts)
  const cutAfter = cuts?.[viewed.connections] ?? Number.POSITIVE_INFINITY
  viewed.connections += 1
  const cut = cutAfterMs && setTimeout(() => abort.abort(), cutAfterMs())
  let seen = 0
  try {
    for await (const frame of readFrames(frames)) {
      if (frame.type === 'text.delta') texts.push(frame)
      else viewed.events.push(frame)
      onFrame?.(frame)
      if (seen === 0) onFirstFrame()
      seen += 1
      if (seen >= cutAfter) return
    }
  } catch {
    // The connection broke: the next one goes on after the last event that came.
  } finally {
    clearTimeout(cut)
    abort.abort()
  }
}

async function* readFrames(stream: ReadableStream<Uint8Array>): AsyncGenerator<RunEvent | TextDelta> {
  const decoder = new TextDecoder()
  let buffer = ''
  for await (const chunk of stream) {
    buffer += decoder.decode(chunk, { stream: true })
    const complete = buffer.split('\n\n')
    buffer = complete.pop() ?? ''
    yield* complete.flatMap(parseFrame)
  }
}

function parseFrame(frame: string): (RunEvent | TextDelta)[] {
  const fields = new Map(
    frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const data = fields.get('data')
  if (data === undefined) return []
  // The server renders frames from these two types only; the id has to be the event's number.
  const event = JSON.parse(data) as RunEvent | TextDelta
  const id = fields.get('id')
  if ('seq' in event ? id !== String(event.seq) : id !== undefined) throw new Error(`the frame ${frame} has a wrong id`)
  return [event]
}
