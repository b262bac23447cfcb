import type { Run, RunEvent, TextDelta } from '@freehold/contracts'
import type { BusMessage } from '../bus/bus.ts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { assertInReach, findRun, runNotFound } from './get-run.ts'
import { enterFeed, type FeedViewer, type RunFeed, readHead } from './run-feed.ts'

const maxQueuedDeltas = 1_000

export interface WatchOptions {
  /** Number of the last event that the viewer has. */
  after: number
  signal: AbortSignal
}

/**
 * Every journal event after a number, in order and once, and live text between them, until the run has ended. Ends
 * quietly when the signal aborts. What forbids it is thrown before there is a sequence. The journal is read again on
 * every hint, so a hint carries no truth.
 */
export async function watchRun(
  caller: Caller,
  runId: string,
  options: WatchOptions,
): Promise<AsyncGenerator<RunEvent | TextDelta>> {
  authorize(caller, 'runs:read')
  await assertInReach(caller, runId)
  const head = await readHead(caller.platform.database, { tenantId: caller.tenantId, runId })
  if (!head) throw runNotFound()
  return followRun(caller, runId, { ...options, lastSeq: head.lastSeq })
}

/** Waits until a run that the caller just started has ended or the time is up, and reads it. */
export async function waitForRun(caller: Caller, runId: string, waitMs: number, signal: AbortSignal): Promise<Run> {
  authorize(caller, 'runs:start')
  if (waitMs > 0) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
    for await (const _ of followRun(caller, runId, { after: 0, lastSeq: 0, signal: limit }));
  }
  return findRun(caller, runId)
}

async function* followRun(
  caller: TenantCaller,
  runId: string,
  options: WatchOptions & { lastSeq: number },
): AsyncGenerator<RunEvent | TextDelta> {
  const { signal } = options
  const inbox = new Inbox(caller, runId, signal)
  let cursor = options.after
  const run = { tenantId: caller.tenantId, runId }
  const feed = enterFeed(caller.platform, run, Math.min(options.after, options.lastSeq), inbox)
  try {
    while (!signal.aborted) {
      // What was said of a step before the journal grew comes before what it grew by; a step that begins comes after it.
      yield* inbox.goOnWithText()
      const { version } = feed
      const page = await feed.read(cursor)
      for (const event of page.events) {
        if (event.type === 'model.finished') inbox.finishText(event.data.step)
        yield event
        cursor = event.seq
      }
      if (page.ended) return
      if (page.complete) yield* textUntilGrowth(inbox, feed, version, signal)
    }
  } finally {
    feed.leave(inbox)
    inbox.close()
  }
}

/** Live text until the journal may have grown. */
async function* textUntilGrowth(
  inbox: Inbox,
  feed: RunFeed,
  version: number,
  signal: AbortSignal,
): AsyncGenerator<TextDelta> {
  while (!signal.aborted && feed.version === version) {
    yield* inbox.takeText()
    if (feed.version === version) await inbox.next()
  }
}

/** Live text that the viewer has not taken yet. */
class Inbox implements FeedViewer {
  private deltas: TextDelta[] = []
  private joined = false
  /** How much of each step's text the viewer has. */
  private readonly shown = new Map<string, number>()
  /** Steps whose whole text the viewer has from the journal. */
  private readonly finished = new Set<string>()
  private wake: (() => void) | undefined
  private readonly caller: TenantCaller
  private readonly runId: string
  private readonly onAbort = () => this.wake?.()
  private readonly signal: AbortSignal

  constructor(caller: TenantCaller, runId: string, signal: AbortSignal) {
    this.caller = caller
    this.runId = runId
    this.signal = signal
    signal.addEventListener('abort', this.onAbort)
  }

  receive(message: BusMessage): void {
    if (message.kind === 'text') this.deltas.push(message.delta)
    if (this.deltas.length > maxQueuedDeltas) this.rejoin()
    this.wake?.()
  }

  /** A viewer that fell behind gets the text so far in one piece instead. */
  private rejoin(): void {
    this.deltas = []
    this.joined = false
  }

  /** The journal has the whole text of a step: what is still under way of it comes too late. */
  finishText(step: string): void {
    this.finished.add(step)
  }

  /** Live text of the steps that the viewer has seen some of. */
  *goOnWithText(): Generator<TextDelta> {
    const deltas = this.deltas
    this.deltas = deltas.filter(({ step }) => !this.shown.has(step))
    yield* this.show(deltas.filter(({ step }) => this.shown.has(step)))
  }

  /** Live text of all steps. Only for a viewer that has the journal up to its head. */
  *takeText(): Generator<TextDelta> {
    const deltas = this.joined ? this.deltas : this.caller.platform.bus.partialTexts(this.runId)
    this.joined = true
    this.deltas = []
    yield* this.show(deltas)
  }

  /** Without a gap: a delta is shown if it begins the text of its step or goes on where the last one ended. */
  private *show(deltas: readonly TextDelta[]): Generator<TextDelta> {
    for (const delta of deltas) {
      const follows = delta.offset === 0 || this.shown.get(delta.step) === delta.offset
      if (!follows || this.finished.has(delta.step)) continue
      this.shown.set(delta.step, delta.offset + delta.delta.length)
      yield delta
    }
  }

  /** Resolves at the next message, at once when there is text to take. */
  next(): Promise<void> {
    if (this.deltas.length > 0 || this.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined
        resolve()
      }
    })
  }

  close(): void {
    this.signal.removeEventListener('abort', this.onAbort)
  }
}
