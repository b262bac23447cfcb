import type { AGUIEvent } from '@ag-ui/core'
import { FreeholdError, pause, randomUuid, readFrames, readProblem } from '@freehold/contracts/browser'

/** A stream of AG-UI events, from its first one. */
export type OpenStream = (signal: AbortSignal) => AsyncGenerator<AGUIEvent>

const attempts = 8
const longestPauseMs = 4_000

/** Posts to the AG-UI surface as the person who looks, and reads the answer. */
export async function* openAgui(
  tenant: string,
  path: string,
  input: object,
  signal: AbortSignal,
): AsyncGenerator<AGUIEvent> {
  const response = await fetch(`/agui/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-tenant-id': tenant },
    body: JSON.stringify(input),
    signal,
  })
  if (!response.ok) throw await readProblem(response)
  // Each frame is rendered from an event of the protocol.
  for await (const { data } of readFrames(response)) yield JSON.parse(data) as AGUIEvent
}

/** What a run is asked with. Sent again as it is, it is the same run. */
export function questionOf(threadId: string, message: string): object {
  const messages = [{ id: randomUuid(), role: 'user', content: message }]
  return { threadId, runId: randomUuid(), messages, state: {}, tools: [], context: [], forwardedProps: {} }
}

/** How a stream came to its end. */
interface Cut {
  /** The run has ended, or waits for people. */
  over: boolean
  heard: boolean
  error: unknown
}

/**
 * The events of a run until it ends or waits for people, whatever happens to the connections meanwhile: once it has begun,
 * `connect` tells all of it again, which begins with a snapshot that takes the place of what was told before.
 */
export async function* follow(open: OpenStream, connect: OpenStream, signal: AbortSignal): AsyncGenerator<AGUIEvent> {
  let next = open
  let failures = 0
  for (;;) {
    const cut: Cut = { over: false, heard: false, error: undefined }
    yield* readUntilCut(next, signal, cut)
    if (cut.over) return
    if (cut.heard) next = connect
    failures = cut.heard ? 0 : failures + 1
    if (failures > attempts)
      throw cut.error ?? new FreeholdError('unavailable', 'The answer breaks off again and again.')
    await pause(Math.min(200 * 2 ** failures, longestPauseMs), signal)
  }
}

async function* readUntilCut(open: OpenStream, signal: AbortSignal, cut: Cut): AsyncGenerator<AGUIEvent> {
  try {
    for await (const event of open(signal)) {
      if (event.type === 'RUN_ERROR' && event.code === 'stream_broken') return
      yield event
      cut.heard = true
      cut.over = event.type === 'RUN_FINISHED' || event.type === 'RUN_ERROR'
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof FreeholdError && !error.retryable) throw error
    cut.error = error
  }
}
