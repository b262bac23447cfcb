import type { RunEvent, TextDelta } from '@freehold/contracts'
import { type Caller, isStillAllowed, watchRun } from '@freehold/core'

/** How long a stream can outlive the key that opened it. */
const checkMs = 5_000

/** Watches a run until it has ended, the signal aborts, or the caller's key is good no more. */
export async function watchWhileAllowed(
  caller: Caller,
  runId: string,
  options: { after: number; signal: AbortSignal },
): Promise<AsyncGenerator<RunEvent | TextDelta>> {
  const refused = new AbortController()
  const signal = AbortSignal.any([options.signal, refused.signal])
  const events = await watchRun(caller, runId, { after: options.after, signal })
  return endWhenRefused(events, caller, refused)
}

async function* endWhenRefused<T>(events: AsyncGenerator<T>, caller: Caller, refused: AbortController) {
  const check = setInterval(async () => {
    // A database that is away says nothing about the key.
    if (!(await isStillAllowed(caller).catch(() => true))) refused.abort()
  }, checkMs)
  try {
    for await (const event of events) {
      if (refused.signal.aborted) return
      yield event
    }
  } finally {
    clearInterval(check)
  }
}
