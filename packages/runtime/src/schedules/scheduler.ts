import { fireDueSchedules, judgeCanaries } from '@freehold/core'
import type { Engine } from '../runs/engine.ts'

export interface SchedulerOptions {
  /** Longest time until a new schedule is seen, in milliseconds. */
  pollMs: number
}

const schedulesPerPoll = 100

/**
 * Fires the schedules that are due and judges the canaries, until stopped. Runs beside every worker; a tick starts one run
 * all the same, and a canary is rolled back once.
 */
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
    while (!this.stopping) {
      const waitMs = await this.fireDue()
      await this.judgeCanaries()
      await this.pause(waitMs)
    }
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

  private async judgeCanaries(): Promise<void> {
    const { logger } = this.engine
    try {
      await judgeCanaries(this.engine, {
        onRollback: (canary) => logger.info(canary, 'a canary was rolled back'),
        onFailure: (error, canary) => logger.error({ err: error, ...canary }, 'judging a canary failed; trying again'),
      })
    } catch (error) {
      logger.warn({ err: error }, 'looking for canaries failed; trying again')
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
