import { EventEmitter } from 'node:events'
import type { TextDelta } from '@freehold/contracts'
import { afterCommit } from '../db/database.ts'
import { PartialTexts } from './partial-texts.ts'

/** Hints between the parts of the platform. A lost one costs time, never truth: the journal has everything. */
export type BusMessage =
  /** A run may be claimable. */
  | { kind: 'work' }
  /** The journal of a run grew. `finishedSteps` are model calls whose live text is over; `ended` ends all of them. */
  | { kind: 'run'; runId: string; finishedSteps?: string[]; ended?: true }
  | { kind: 'cancel'; runId: string; by: string }
  | { kind: 'text'; runId: string; delta: TextDelta }

export interface Bus {
  /** Within a transaction: once that has committed, so that a hint is never ahead of what it tells of. */
  publish(message: BusMessage): void
  onWork(listener: () => void): () => void
  onCancel(listener: (runId: string, by: string) => void): () => void
  onRun(runId: string, listener: (message: BusMessage) => void): () => void
  /**
   * The text so far of the model calls that are under way, for a viewer that joins in the middle. What only another
   * process knows of it comes to the run's listeners a moment later, as text.
   */
  partialTexts(runId: string): TextDelta[]
  close(): Promise<void>
}

/** The bus of one process. */
export class LocalBus implements Bus {
  private readonly emitter = new EventEmitter().setMaxListeners(0)
  protected readonly texts = new PartialTexts()

  publish(message: BusMessage): void {
    afterCommit(() => this.tell(message))
  }

  protected tell(message: BusMessage): void {
    this.deliver(message)
  }

  protected deliver(message: BusMessage): void {
    if (message.kind === 'work') {
      this.emitter.emit('work')
      return
    }
    if (message.kind === 'cancel') this.emitter.emit('cancel', message.runId, message.by)
    if (message.kind === 'text') this.texts.add(message.runId, message.delta)
    if (message.kind === 'run')
      this.texts.forget(message.runId, message.ended ? undefined : (message.finishedSteps ?? []))
    this.emitter.emit(`run:${message.runId}`, message)
  }

  partialTexts(runId: string): TextDelta[] {
    return this.texts.of(runId)
  }

  onWork(listener: () => void): () => void {
    return this.on('work', listener)
  }

  onCancel(listener: (runId: string, by: string) => void): () => void {
    return this.on('cancel', listener)
  }

  onRun(runId: string, listener: (message: BusMessage) => void): () => void {
    return this.on(`run:${runId}`, listener)
  }

  // EventEmitter listeners take any arguments; `deliver` is the only emitter and passes what each event's type says.
  private on<Args extends unknown[]>(event: string, listener: (...args: Args) => void): () => void {
    this.emitter.on(event, listener as (...args: unknown[]) => void)
    return () => this.emitter.off(event, listener as (...args: unknown[]) => void)
  }

  async close(): Promise<void> {
    this.emitter.removeAllListeners()
  }
}
