import type { RunEvent, TextDelta } from '@freehold/contracts'
import { isTerminalEvent } from '@freehold/contracts'
import { waitFor } from '@freehold/testkit'

interface Viewed {
  /** Journal events, in the order in which they came, over all connections. */
  events: RunEvent[]
  /** Live text, by connection. */
  texts: TextDelta[][]
  /** Connections that were made. */
  connections: number
}

interface ViewOptions {
  url: string
  apiKey: string
  runId: string
  /** After how many frames each connection is cut; those after the last one stay. */
  cuts: readonly number[]
  /** Told of every frame. */
  onFrame?: (frame: RunEvent | TextDelta) => void
}

/** Watches a run as a browser's EventSource does: by `Last-Event-ID`, over connections that break. */
export async function view(options: ViewOptions): Promise<Viewed> {
  const viewed: Viewed = { events: [], texts: [], connections: 0 }
  while (!viewed.events.some(isTerminalEvent)) {
    const cutAfter = options.cuts[viewed.connections] ?? Number.POSITIVE_INFINITY
    const connection = await waitFor(() => connect(options, viewed.events.at(-1)?.seq ?? 0), {
      timeoutMs: 20_000,
      what: 'a connection to the event stream',
    })
    viewed.connections += 1
    await follow(connection, cutAfter, viewed, options.onFrame)
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
  cutAfter: number,
  viewed: Viewed,
  onFrame: ViewOptions['onFrame'],
): Promise<void> {
  const texts: TextDelta[] = []
  viewed.texts.push(texts)
  const decoder = new TextDecoder()
  let buffer = ''
  let seen = 0
  try {
    for await (const chunk of frames) {
      buffer += decoder.decode(chunk, { stream: true })
      const complete = buffer.split('\n\n')
      buffer = complete.pop() ?? ''
      for (const frame of complete.flatMap(parseFrame)) {
        if (frame.type === 'text.delta') texts.push(frame)
        else viewed.events.push(frame)
        onFrame?.(frame)
        seen += 1
        if (seen >= cutAfter) {
          abort.abort()
          return
        }
      }
    }
  } catch {
    // The connection broke: the next one goes on after the last event that came.
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
