import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NewRunEvent } from '@freehold/contracts'
import type { ClaimedRun, Database, Wait } from '@freehold/core'
import type { Engine } from './engine.ts'
import { type JournalWriter, persist } from './journal-writer.ts'
import { RunFailure, RunInterrupted } from './outcomes.ts'
import type { Replay } from './replay.ts'
import type { RunMeter } from './run-meter.ts'

interface StepsParts {
  engine: Engine
  claimed: ClaimedRun
  replay: Replay
  writer: JournalWriter
  meter: RunMeter
  signal: AbortSignal
  /** The database's time in milliseconds. */
  databaseNow: () => number
  /** Called when the program can only go on after one of these waits. */
  onParked: (waits: Wait[]) => void
  /** Called when the database failed the run. What the program makes of that doesn't matter. */
  onFailure: (error: unknown) => void
}

/**
 * What all steps of one execution of a run share. A step that the journal has is answered from it. Any other is an
 * effect: journal settled → work → event. A step that must wait (timer, child, decision, approval) parks: its promise stays open,
 * and once nothing else is under way the run is suspended; a later execution finds the wait over and goes on.
 */
export class Steps {
  readonly engine: Engine
  readonly claimed: ClaimedRun
  readonly replay: Replay
  readonly meter: RunMeter
  readonly signal: AbortSignal
  readonly databaseNow: () => number
  /** The child runs that this execution came across. */
  readonly children = new Set<string>()

  private readonly parts: StepsParts
  private readonly counters = new Map<string, number>()
  private readonly waits = new Map<string, Wait>()
  private stepsTaken = 0
  private underWay = 0
  private onIdle: (() => void) | undefined

  constructor(parts: StepsParts) {
    this.parts = parts
    this.engine = parts.engine
    this.claimed = parts.claimed
    this.replay = parts.replay
    this.meter = parts.meter
    this.signal = parts.signal
    this.databaseNow = parts.databaseNow
  }

  /** When the run ends as failed, by the database's clock. */
  get deadlineAtMs(): number {
    return this.claimed.databaseNowMs + this.claimed.deadlineInMs
  }

  get runId(): string {
    return this.claimed.lease.runId
  }

  /** The key of the next step of a kind. Counts towards the limit of the agent, unless it costs nothing. */
  take(kind: string, cost: 0 | 1 = 1): string {
    this.signal.throwIfAborted()
    if (this.onIdle) throw new RunInterrupted({ kind: 'lease_lost' })
    const { maxSteps } = this.claimed.limits
    this.stepsTaken += cost
    if (this.stepsTaken > maxSteps) {
      throw new RunFailure(
        'step_limit_reached',
        `The run reached its limit of ${maxSteps} steps. Raise limits.maxSteps in a new version of the agent, or give it a smaller task.`,
      )
    }
    const number = (this.counters.get(kind) ?? 0) + 1
    this.counters.set(kind, number)
    return `${kind}:${number}`
  }

  append(event: NewRunEvent): void {
    // What comes back after an interruption belongs to nobody: another worker may be at it already.
    if (!this.signal.aborted) this.parts.writer.append(event)
  }

  /** Does work that reaches outside, once the journal is settled. */
  async effect<T>(work: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    this.underWay += 1
    try {
      await this.parts.writer.settled()
      // The same answer of the journal may have said that the run is cancelled.
      this.signal.throwIfAborted()
      return await work()
    } finally {
      this.underWay -= 1
      if (this.waits.size > 0 || this.onIdle) void this.whenIdle()
    }
  }

  /** An effect on our own database, tried for as long as the lease allows while it is away. */
  query<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.effect(async () => {
      try {
        return await persist(this.engine, () => work(this.engine.database))
      } catch (error) {
        this.parts.onFailure(error)
        throw error
      }
    })
  }

  /** Never resolves: the run is suspended as soon as nothing else of it is under way. */
  park(wait: Wait): Promise<never> {
    this.waits.set(wait.step, wait)
    void this.whenIdle()
    return new Promise(() => {})
  }

  /** Takes no further step. Resolves when those that are under way have come to their end, so that none is in doubt. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.onIdle = resolve
      void this.whenIdle()
    })
  }

  private async whenIdle(): Promise<void> {
    // Two turns let a program that just got an answer take its next step.
    await nextTurn()
    await nextTurn()
    if (this.underWay > 0) return
    if (this.onIdle) this.onIdle()
    else if (this.waits.size > 0 && !this.signal.aborted) this.parts.onParked([...this.waits.values()])
  }
}
