import type { RunEvent, TextDelta } from '@freehold/contracts'
import { type Caller, watchRun } from '@freehold/core'
import { eventStream } from '../http/sse.ts'

/** A run's journal as an event stream. Only journal events have an id, so a viewer resumes between them. */
export async function streamRun(caller: Caller, runId: string, after: number, signal: AbortSignal): Promise<Response> {
  const source = await begin(watchRun(caller, runId, { after, signal }))
  return eventStream(source, renderFrame, () => 'event: error\ndata: {"retry":true}\n\n')
}

function renderFrame(event: RunEvent | TextDelta): string {
  const id = 'seq' in event ? `id: ${event.seq}\n` : ''
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

/** Runs a generator up to its first item, so that what it throws before is still an answer with a status. */
async function begin<T>(source: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  const first = source.next()
  await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 250))])
  return (async function* () {
    try {
      const { value, done } = await first
      if (done) return
      yield value
      yield* source
    } finally {
      await source.return(undefined)
    }
  })()
}
