import type { EventSourceMessage } from 'eventsource-parser'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { FreeholdError } from './errors.ts'
import type { RunEvent, TextDelta } from './events.ts'
import { isTerminalStatus } from './run-status.ts'
import type { Run } from './runs.ts'

const attempts = 10

/** Sends a request to a path of the server. Throws `FreeholdError` for a problem document. */
export type Send = (path: string, init: RequestInit) => Promise<Response>

export interface WatchOptions {
  /** Number of the last event that is known already. */
  after?: number
  signal?: AbortSignal
  /** Longest wait between two attempts to reconnect, in milliseconds. */
  maxReconnectDelayMs?: number
}

/** How a stream came to its end. */
interface Cut {
  over: boolean
  error: unknown
}

/** Every journal event after a number, in order and once, whatever happens to the connections meanwhile. */
export async function* watchJournal(
  send: Send,
  runId: string,
  options: WatchOptions,
): AsyncGenerator<RunEvent | TextDelta> {
  const path = `/api/v1/runs/${encodeURIComponent(runId)}`
  let cursor = options.after ?? 0
  let failures = 0
  for (;;) {
    const cut: Cut = { over: false, error: undefined }
    const before = cursor
    for await (const event of readUntilCut(send, path, cursor, options.signal, cut)) {
      cursor = 'seq' in event ? event.seq : cursor
      yield event
    }
    if (cut.over) return
    failures = cut.error === undefined || cursor > before ? 0 : failures + 1
    await pauseBeforeAttempt(failures, cut, options)
  }
}

/** Throws what cut the stream when it was cut too often in a row. */
async function pauseBeforeAttempt(failures: number, cut: Cut, options: WatchOptions): Promise<void> {
  if (failures > attempts) throw cut.error
  await pause(Math.min(50 * 2 ** failures, options.maxReconnectDelayMs ?? 5_000), options.signal)
}

async function* readUntilCut(
  send: Send,
  path: string,
  after: number,
  signal: AbortSignal | undefined,
  cut: Cut,
): AsyncGenerator<RunEvent | TextDelta> {
  let silent = true
  try {
    for await (const event of readStream(send, path, after, signal)) {
      silent = false
      yield event
    }
    // The server ends a stream when the run has ended, but also when it shuts down, and a redriven run goes on after its
    // first end. So what counts is the run, asked when there was nothing more to tell.
    if (silent) cut.over = await hasEnded(send, path, signal)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof FreeholdError && !error.retryable) throw error
    cut.error = error
  }
}

async function hasEnded(send: Send, path: string, signal: AbortSignal | undefined): Promise<boolean> {
  const response = await send(path, signal ? { signal } : {})
  // The server renders it from a `Run`.
  return isTerminalStatus(((await response.json()) as Run).status)
}

/** The events of an event stream, until it ends. */
export async function* readFrames({ body }: Response): AsyncGenerator<EventSourceMessage> {
  if (body) yield* body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
}

export function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, durationMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
}

async function* readStream(
  send: Send,
  path: string,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<RunEvent | TextDelta> {
  const response = await send(`${path}/events`, {
    headers: { accept: 'text/event-stream', 'last-event-id': String(after) },
    ...(signal && { signal }),
  })
  for await (const frame of readFrames(response)) {
    if (frame.event === 'error') throw new FreeholdError('unavailable', 'The stream broke on the server.')
    // The server renders every other frame from a `RunEvent` or a `TextDelta`.
    yield JSON.parse(frame.data) as RunEvent | TextDelta
  }
}
