import { EventEmitter } from 'node:events'
import type { TextDelta } from '@freehold/contracts'

/** Hints between the parts of the platform. A lost one costs time, never truth: the journal has everything. */
export type BusMessage =
  /** A run may be claimable. */
  | { kind: 'work' }
  /** The journal of a run grew. `finishedSteps` are model calls whose text is in it now. */
  | { kind: 'run'; runId: string; finishedSteps?: string[] }
  | { kind: 'cancel'; runId: string }
  | { kind: 'text'; runId: string; delta: TextDelta }

export interface Bus {
  publish(message: BusMessage): void
  onWork(listener: () => void): () => void
  onCancel(listener: (runId: string) => void): () => void
  onRun(runId: string, listener: (message: BusMessage) => void): () => void
  /** The text of a model call that is under way, for a viewer that joins in the middle. */
  partialText(runId: string): TextDelta | undefined
  close(): Promise<void>
}

/** The bus of one process. */
export class LocalBus implements Bus {
  private readonly emitter = new EventEmitter().setMaxListeners(0)
  private readonly partials = new Map<string, TextDelta>()

  publish(message: BusMessage): void {
    this.deliver(message)
  }

  protected deliver(message: BusMessage): void {
    if (message.kind === 'work') {
      this.emitter.emit('work')
      return
    }
    if (message.kind === 'cancel') this.emitter.emit('cancel', message.runId)
    if (message.kind === 'text') this.rememberText(message.runId, message.delta)
    if (message.kind === 'run' && message.finishedSteps) this.partials.delete(message.runId)
    this.emitter.emit(`run:${message.runId}`, message)
  }

  private rememberText(runId: string, delta: TextDelta): void {
    const known = this.partials.get(runId)
    const goesOn = known?.step === delta.step && known.delta.length === delta.offset
    if (!goesOn && delta.offset !== 0) return
    this.partials.set(runId, { ...delta, offset: 0, delta: goesOn ? known.delta + delta.delta : delta.delta })
  }

  partialText(runId: string): TextDelta | undefined {
    return this.partials.get(runId)
  }

  onWork(listener: () => void): () => void {
    return this.on('work', listener)
  }

  onCancel(listener: (runId: string) => void): () => void {
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
