import { EventEmitter } from 'node:events'
import type { TextDelta } from '@freehold/contracts'
import { afterCommit } from '../db/database.ts'

/** Hints between the parts of the platform. A lost one costs time, never truth: the journal has everything. */
export type BusMessage =
  /** A run may be claimable. */
  | { kind: 'work' }
  /** The journal of a run grew. `finishedSteps` are model calls whose text is in it now; `ended` ends all of them. */
  | { kind: 'run'; runId: string; finishedSteps?: string[]; ended?: true }
  | { kind: 'cancel'; runId: string; by: string }
  | { kind: 'text'; runId: string; delta: TextDelta }

export interface Bus {
  /** Within a transaction: once that has committed, so that a hint is never ahead of what it tells of. */
  publish(message: BusMessage): void
  onWork(listener: () => void): () => void
  onCancel(listener: (runId: string, by: string) => void): () => void
  onRun(runId: string, listener: (message: BusMessage) => void): () => void
  /** The text so far of the model calls that are under way, for a viewer that joins in the middle. */
  partialTexts(runId: string): TextDelta[]
  close(): Promise<void>
}

/** Runs whose partial texts are kept: those that spoke last. The end of a run whose worker died may never be told. */
const maxPartialRuns = 1_000

/** The bus of one process. */
export class LocalBus implements Bus {
  private readonly emitter = new EventEmitter().setMaxListeners(0)
  /** By run, then by step: model calls can run side by side. */
  private readonly partials = new Map<string, Map<string, TextDelta>>()

  publish(message: BusMessage): void {
    afterCommit(() => this.send(message))
  }

  protected send(message: BusMessage): void {
    this.deliver(message)
  }

  protected deliver(message: BusMessage): void {
    if (message.kind === 'work') {
      this.emitter.emit('work')
      return
    }
    if (message.kind === 'cancel') this.emitter.emit('cancel', message.runId, message.by)
    if (message.kind === 'text') this.rememberText(message.runId, message.delta)
    if (message.kind === 'run')
      this.forgetText(message.runId, message.ended ? undefined : (message.finishedSteps ?? []))
    this.emitter.emit(`run:${message.runId}`, message)
  }

  private rememberText(runId: string, delta: TextDelta): void {
    const steps = this.partials.get(runId) ?? new Map<string, TextDelta>()
    const known = steps.get(delta.step)
    if (delta.offset !== 0 && known?.delta.length !== delta.offset) return
    const before = delta.offset === 0 ? '' : (known?.delta ?? '')
    this.partials.delete(runId) // a map keeps the order of insertion
    this.partials.set(runId, steps.set(delta.step, { ...delta, offset: 0, delta: before + delta.delta }))
    const [oldest] = this.partials.keys()
    if (oldest !== undefined && this.partials.size > maxPartialRuns) this.partials.delete(oldest)
  }

  /** Of these steps, or of the whole run. */
  private forgetText(runId: string, finished: readonly string[] | undefined): void {
    const steps = this.partials.get(runId)
    for (const step of finished ?? []) steps?.delete(step)
    if (finished === undefined || steps?.size === 0) this.partials.delete(runId)
  }

  partialTexts(runId: string): TextDelta[] {
    return [...(this.partials.get(runId)?.values() ?? [])]
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
