import { fireDueSchedules } from '@freehold/core'
import type { Engine } from '../runs/engine.ts'

export interface SchedulerOptions {
  /** Longest time until a new schedule is seen, in milliseconds. */
  pollMs: number
}

const schedulesPerPoll = 100

/** Fires the schedules that are due, until stopped. Runs beside every worker; a tick starts one run all the same. */
export class Scheduler {
  private readonly engine: Pick<Engine, 'database' | 'bus' | 'logger'>
  private readonly options: SchedulerOptions
  private loop: Promise<void> = Promise.resolve()
  private stopping = false
  private wake: (() => void) | undefined

  constructor(engine: Pick<Engine, 'database' | 'bus' | 'logger'>, options: SchedulerOptions) {
    this.engine = engine
    this.options = options
  }

  start(): void {
    this.loop = this.fireUntilStopped()
  }

  async stop(): Promise<void> {
    this.stopping = true
    this.wake?.()
    await this.loop
  }

  private async fireUntilStopped(): Promise<void> {
    while (!this.stopping) await this.pause(await this.fireDue())
  }

  private async fireDue(): Promise<number> {
    const { logger } = this.engine
    try {
      return await fireDueSchedules(this.engine, {
        withinMs: this.options.pollMs,
        limit: schedulesPerPoll,
        onFailure: (error, schedule) => logger.error({ err: error, ...schedule }, 'a schedule failed; trying again'),
      })
    } catch (error) {
      logger.warn({ err: error }, 'reading the due schedules failed; trying again')
      return this.options.pollMs
    }
  }

  private pause(delayMs: number): Promise<void> {
    if (this.stopping) return Promise.resolve()
    return new Promise((resolve) => {
      // One more, since timers may come a little early.
      const timer = setTimeout(resolve, Math.ceil(delayMs) + 1)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
