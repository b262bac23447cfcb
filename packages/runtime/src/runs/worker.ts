import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { IsolationTier } from '@freehold/contracts'
import { claimRuns, renewLeases, settleLostCalls } from '@freehold/core'
import { AppendQueue } from './append-queue.ts'
import type { Engine } from './engine.ts'
import { executeRun, type RunExecution } from './execute-run.ts'

export interface WorkerOptions {
  /** Runs that this worker executes at once. */
  concurrency: number
  /** Longest time that a lost hint can cost, in milliseconds. */
  pollMs: number
  /** Whether appends of one tenant's runs that are ready together share a commit. Off only to measure without. */
  sharedCommits?: boolean
  /** Of the plans whose tenants it serves; all when absent. */
  isolation?: readonly IsolationTier[]
}

/** Runs whose lost model calls are settled in one round. */
const lostCallsLimit = 100

/**
 * Claims runs and executes them.
 *
 * Started, it claims as many runs as it has free slots, whenever a hint comes, a slot gets free, a timer of one of its
 * runs is due, or `pollMs` have passed. Hints that come during a claim or a pause are one hint. The more claims in a row
 * found nothing, the longer it pauses after one, so that many idle workers that are hinted at often ask little of the
 * database; one that finds work, or was left alone for a while, claims at once. Three times per lease it renews the
 * leases of its runs; a run that is missing from the answer belongs to another worker, and is dropped. Once per lease it
 * settles model calls that dead workers left, of whatever run, so that nothing stays reserved for longer. Stopped, it
 * claims no more, lets its runs go on for the grace period, and gives the others back to the queue.
 */
export class Worker {
  readonly name = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`
  private readonly engine: Engine
  private readonly options: WorkerOptions
  private readonly appends: AppendQueue
  private readonly executions = new Map<string, RunExecution>()
  private readonly timers = new Set<NodeJS.Timeout>()
  private readonly unsubscribe: (() => void)[] = []
  private loop: Promise<void> = Promise.resolve()
  private settling: Promise<void> = Promise.resolve()
  private renewedAt = performance.now()
  private stopping = false
  private hinted = false
  private wakeLoop: (() => void) | undefined

  constructor(engine: Engine, options: WorkerOptions) {
    this.engine = engine
    this.options = options
    this.appends = new AppendQueue(engine.database, options.sharedCommits ?? true)
  }

  start(): void {
    const { bus, leaseMs } = this.engine
    this.unsubscribe.push(
      bus.onWork(() => this.hint()),
      bus.onCancel((runId, by) => this.executions.get(runId)?.interrupt({ kind: 'cancelled', by })),
    )
    const renewal = setInterval(() => void this.renew(), leaseMs / 3)
    const settlement = setInterval(() => {
      this.settling = this.settling.then(() => this.settleLost())
    }, leaseMs)
    this.unsubscribe.push(
      () => clearInterval(renewal),
      () => clearInterval(settlement),
    )
    this.loop = this.claimUntilStopped()
  }

  /** Stops claiming, lets runs go on for `graceMs`, then gives back what is left. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true
    this.hint()
    await this.loop
    await Promise.race([this.drained(), this.after(graceMs)])
    for (const execution of this.executions.values()) execution.interrupt({ kind: 'shutdown' })
    await this.drained()
    for (const stop of this.unsubscribe) stop()
    for (const timer of this.timers) clearTimeout(timer)
    await this.settling
  }

  private async drained(): Promise<void> {
    await Promise.all([...this.executions.values()].map(({ done }) => done))
  }

  private after(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(resolve, delayMs))
  }

  private setTimer(callback: () => void, delayMs: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      callback()
    }, delayMs)
    this.timers.add(timer)
  }

  private async claimUntilStopped(): Promise<void> {
    let emptyClaims = 0
    while (!this.stopping) {
      this.hinted = false
      const free = this.options.concurrency - this.executions.size
      const claimed = free > 0 ? await this.claim(free) : 0
      emptyClaims = free > 0 && claimed === 0 ? emptyClaims + 1 : 0
      const pausedUntil = performance.now() + pauseAfter(emptyClaims)
      if (claimed < free || free === 0) await this.nextHint()
      const pauseMs = pausedUntil - performance.now()
      if (pauseMs > 0 && !this.stopping) await this.after(pauseMs)
    }
  }

  private async claim(limit: number): Promise<number> {
    const { database, leaseMs, logger } = this.engine
    // After a pause, of this process or of the database, it would take its own runs for those of a dead worker.
    if (performance.now() - this.renewedAt > leaseMs / 2) await this.renew()
    try {
      const held = [...this.executions.values()].map(({ claimed }) => claimed)
      const runs = await claimRuns(database, {
        worker: this.name,
        limit,
        leaseMs,
        withSuspect: held.some(({ suspect }) => suspect),
        withLastChance: held.some(({ lastChance }) => lastChance),
        ...(this.options.isolation && { isolation: this.options.isolation }),
      })
      for (const run of runs) this.execute(run)
      return runs.length
    } catch (error) {
      logger.warn({ err: error }, 'claiming failed; trying again')
      return 0
    }
  }

  private execute(run: RunExecution['claimed']): void {
    const { runId } = run.lease
    this.engine.bus.publish({ kind: 'run', runId })
    // Its lease ran out and came back to this worker: the execution that had it must end.
    this.executions.get(runId)?.interrupt({ kind: 'lease_lost' })
    const execution = executeRun(this.engine, this.appends, run)
    this.executions.set(runId, execution)
    void execution.done.then(({ wakeInMs }) => {
      // The same run may have been claimed again meanwhile.
      if (this.executions.get(runId) === execution) this.executions.delete(runId)
      this.wakeIn(wakeInMs)
      this.hint()
    })
  }

  /** Its own short timers are kept to the millisecond; the poll finds the others. */
  private wakeIn(delayMs: number): void {
    if (delayMs < this.options.pollMs && !this.stopping) this.setTimer(() => this.hint(), Math.max(0, delayMs) + 1)
  }

  private async renew(): Promise<void> {
    if (this.executions.size === 0) return
    const before = [...this.executions.values()]
    try {
      const leases = before.map(({ claimed }) => claimed.lease)
      const renewed = await renewLeases(this.engine.database, this.name, this.engine.leaseMs, leases)
      this.renewedAt = performance.now()
      const held = new Map(renewed.map((lease) => [lease.runId, lease]))
      for (const execution of before) {
        const lease = held.get(execution.claimed.lease.runId)
        if (lease?.token !== execution.claimed.lease.token) execution.interrupt({ kind: 'lease_lost' })
        else if (lease.cancelRequestedBy) execution.interrupt({ kind: 'cancelled', by: lease.cancelRequestedBy })
      }
    } catch (error) {
      this.engine.logger.warn({ err: error }, 'renewing leases failed; trying again')
    }
  }

  private async settleLost(): Promise<void> {
    try {
      await settleLostCalls(this.engine.database, lostCallsLimit)
    } catch (error) {
      this.engine.logger.warn({ err: error }, 'settling lost model calls failed; trying again')
    }
  }

  private hint(): void {
    this.hinted = true
    this.wakeLoop?.()
  }

  private nextHint(): Promise<void> {
    if (this.hinted || this.stopping) return Promise.resolve()
    return new Promise((resolve) => {
      const poll = setTimeout(resolve, this.options.pollMs)
      this.wakeLoop = () => {
        clearTimeout(poll)
        this.wakeLoop = undefined
        resolve()
      }
    })
  }
}

/** The pause after so many claims in a row that found nothing, in milliseconds. */
function pauseAfter(emptyClaims: number): number {
  return emptyClaims === 0 ? 0 : Math.min(5 * 2 ** (emptyClaims - 1), 100)
}
