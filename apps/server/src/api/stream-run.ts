import type { RunEvent, TextDelta } from '@freehold/contracts'
import type { Caller } from '@freehold/core'
import { eventStream } from '../http/sse.ts'
import { watchWhileAllowed } from './watch-while-allowed.ts'

/** A run's journal as an event stream. Only journal events have an id, so a viewer resumes between them. */
export async function streamRun(caller: Caller, runId: string, after: number, signal: AbortSignal): Promise<Response> {
  const events = await watchWhileAllowed(caller, runId, { after, signal })
  return eventStream(events, renderFrame, () => 'event: error\ndata: {"retry":true}\n\n')
}

/** All viewers of a run get the same events, so each is rendered once. */
const frames = new WeakMap<RunEvent | TextDelta, string>()

function renderFrame(event: RunEvent | TextDelta): string {
  const known = frames.get(event)
  if (known !== undefined) return known
  const id = 'seq' in event ? `id: ${event.seq}\n` : ''
  const frame = `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
  frames.set(event, frame)
  return frame
}
