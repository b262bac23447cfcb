import { setTimeout as delay } from 'node:timers/promises'
import { FreeholdError, isTerminalEvent, type NewRunEvent } from '@freehold/contracts'
import { type Append, isDataError, type Lease } from '@freehold/core'
import type { AppendQueue } from './append-queue.ts'
import type { Engine } from './engine.ts'

interface WriterEvents {
  onCancelRequested: (by: string) => void
  onFailure: (error: unknown) => void
  onCommitted: (events: readonly NewRunEvent[]) => void
}

/** The database refused the event itself, as it would do each time. */
export class EventRefusedError extends Error {
  readonly step: string
  constructor(event: NewRunEvent, cause: unknown) {
    super(`The database refused a ${event.type}`, { cause })
    this.name = 'EventRefusedError'
    this.step = 'step' in event.data ? event.data.step : event.type
  }
}

/**
 * The journal of a run that this worker holds the lease on.
 *
 * `append` only notes an event. What is noted goes to the database in one statement, at the latest when the event
 * loop turns. `settled` must be awaited before anything that the outside can see (a tool call, a model call), so that
 * nothing is ever done on the strength of an event that could still be lost. So a model's answer and the calls it
 * asks for share one commit, and no effect runs ahead of the journal or of the fencing token.
 */
export class JournalWriter {
  private readonly engine: Engine
  private readonly queue: AppendQueue
  private readonly lease: Lease
  private readonly events: WriterEvents
  private after: number
  private pending: NewRunEvent[] = []
  private writeQueued = false
  private tail: Promise<void> = Promise.resolve()
  private turn: NodeJS.Immediate | undefined

  constructor(engine: Engine, queue: AppendQueue, lease: Lease, after: number, events: WriterEvents) {
    this.engine = engine
    this.queue = queue
    this.lease = lease
    this.after = after
    this.events = events
  }

  append(event: NewRunEvent): void {
    this.pending.push(event)
    this.turn ??= setImmediate(() => {
      this.turn = undefined
      void this.settled().catch(() => {}) // reported through onFailure
    })
  }

  /** Resolves when everything appended so far is committed under this worker's lease. */
  settled(): Promise<void> {
    if (this.pending.length > 0 && !this.writeQueued) {
      this.writeQueued = true
      this.tail = this.tail.then(() => this.write())
      this.tail.catch((error) => this.events.onFailure(error))
    }
    return this.tail
  }

  /** Ends the writing and hands over what is not written yet, for the statement that ends or suspends the run. */
  async close(): Promise<Append> {
    clearImmediate(this.turn)
    this.turn = undefined
    await this.tail
    return { after: this.after, events: this.pending.splice(0) }
  }

  /** The number of the last event that is in the journal. */
  get lastSeq(): number {
    return this.after
  }

  /** Commits event after event. Throws `EventRefusedError` at the first that can't be stored, as what follows may rest on it. */
  async commitUntilRefused(events: readonly NewRunEvent[]): Promise<void> {
    for (const event of events) {
      await this.commit([event]).catch((error) => {
        throw isDataError(error) ? new EventRefusedError(event, error) : error
      })
    }
  }

  private async write(): Promise<void> {
    this.writeQueued = false
    const events = this.pending.splice(0)
    if (events.length === 0) return
    await this.commit(events).catch((error) => {
      if (!isDataError(error)) throw error
      return this.commitUntilRefused(events)
    })
  }

  private async commit(events: readonly NewRunEvent[]): Promise<void> {
    const { cancelRequestedBy } = await persist(this.engine, () =>
      this.queue.append({ lease: this.lease, after: this.after, events }),
    )
    this.after += events.length
    this.noteCommitted(events)
    if (cancelRequestedBy !== null) this.events.onCancelRequested(cancelRequestedBy)
  }

  /** For what another statement committed, too. Tells viewers that the journal grew. */
  noteCommitted(events: readonly NewRunEvent[]): void {
    this.events.onCommitted(events)
    announce(this.engine, this.lease.runId, events)
  }
}

function announce(engine: Engine, runId: string, events: readonly NewRunEvent[]): void {
  const finishedSteps = events.flatMap((event) => (event.type === 'model.finished' ? [event.data.step] : []))
  const ended = events.some(isTerminalEvent)
  engine.bus.publish({
    kind: 'run',
    runId,
    ...(finishedSteps.length > 0 && { finishedSteps }),
    ...(ended && { ended }),
  })
}

/** Tries a write again while the database is away, for as long as the lease can still be this worker's. */
export async function persist<T>(engine: Engine, write: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + engine.leaseMs
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    try {
      return await write()
    } catch (error) {
      const transient = error instanceof FreeholdError && error.code === 'unavailable'
      if (!transient || performance.now() + pauseMs > giveUpAt) throw error
      await delay(pauseMs)
    }
  }
}
