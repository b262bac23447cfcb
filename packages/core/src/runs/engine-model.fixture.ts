import type { RunStatus } from '@freehold/contracts'

/** What the model knows of a run. */
export interface ModelRun {
  id: string
  /** How a trace calls it. */
  name: string
  parent: ModelRun | undefined
  status: RunStatus
  /** Whether a claim may take it now. */
  due: boolean
  /** Whose lease is good, while the run is running. */
  worker: string | null
  /** The last fencing token that was given out. */
  token: number
  /** The types of its events; those of an attempt with its number. */
  journal: string[]
  attempt: number
  /** Attempts that failed since the run last got ahead. */
  failedAttempts: number
  /** Those of them in which its worker died. */
  deaths: number
  maxAttempts: number
  /** Whether it failed by using up its attempts. */
  dead: boolean
  cancelRequestedBy: string | null
  /** Who is named in the event that cancelled it. */
  cancelledBy: string | null
  /** What it waits for: a child, or the clock. */
  waitsFor: ModelRun | 'timer' | undefined
}

/** What a worker believes to hold. It isn't told when it loses it. */
export interface ModelLease {
  worker: string
  run: ModelRun
  token: number
  /** The last event that this worker knows of. */
  lastSeq: number
  /** Whether the run was handed over only to be ended. */
  spent: boolean
  /** Whether the run may have killed a worker, and whether this is then the last attempt that it has. */
  suspect: boolean
  lastChance: boolean
}

/** The engine as it should be, without a database. One method for each thing that can happen to a run. */
export class EngineModel {
  readonly runs: ModelRun[] = []
  leases: ModelLease[] = []

  open(): ModelRun[] {
    return this.runs.filter(isOpen)
  }

  start(id: string, maxAttempts: number, parent?: ModelRun): ModelRun {
    const run: ModelRun = {
      id,
      name: `run ${this.runs.length + 1}`,
      parent,
      status: 'queued',
      due: true,
      worker: null,
      token: 0,
      journal: ['run.created'],
      attempt: 1,
      failedAttempts: 0,
      deaths: 0,
      maxAttempts,
      dead: false,
      cancelRequestedBy: null,
      cancelledBy: null,
      waitsFor: undefined,
    }
    this.runs.push(run)
    return run
  }

  /**
   * The worker's lease; none on a run that keeps losing its workers, which is put off. So is a suspect that the worker has
   * no `room` for.
   */
  claim(run: ModelRun, worker: string, room: boolean): ModelLease | undefined {
    const crashed = run.status === 'running'
    if (crashed) {
      run.failedAttempts += 1
      run.deaths += 1
    }
    const spent = crashed && run.failedAttempts >= run.maxAttempts
    const suspect = isSuspect(run)
    run.token += 1
    run.waitsFor = undefined
    if (crashed && !spent) this.journalFailure(run)
    if (suspect && ((crashed && run.deaths > 1) || !room)) {
      Object.assign(run, { status: 'queued', due: false, worker: null })
      return undefined
    }
    if (!spent) run.journal.push(`${run.journal.length === 1 ? 'run.started' : 'run.resumed'} ${run.attempt}`)
    Object.assign(run, { status: 'running', due: false, worker })
    const lastChance = isLastChance(run)
    const lease = { worker, run, token: run.token, lastSeq: run.journal.length, spent, suspect, lastChance }
    this.leases.push(lease)
    return lease
  }

  isGood({ run, token }: ModelLease): boolean {
    return run.status === 'running' && run.token === token
  }

  append(lease: ModelLease, type: string): void {
    lease.run.journal.push(type)
    lease.lastSeq += 1
  }

  drop(lease: ModelLease): void {
    this.leases = this.leases.filter((other) => other !== lease)
  }

  finish(lease: ModelLease, status: 'succeeded' | 'failed'): void {
    const { run } = lease
    run.journal.push(`run.${status}`)
    this.letGo(lease, status, false)
    this.wakeParent(run)
    if (status === 'failed') this.cancelChildren(run, `run:${run.id}`)
  }

  /** The last one that the run had ends it; after another one it waits for its next. */
  failAttempt(lease: ModelLease, next: 'retry' | 'dead'): void {
    const { run } = lease
    if (next === 'dead') {
      this.finish(lease, 'failed')
      run.dead = true
      return
    }
    this.journalFailure(run)
    run.failedAttempts += 1
    this.letGo(lease, 'queued', run.cancelRequestedBy !== null)
  }

  release(lease: ModelLease): void {
    this.letGo(lease, 'queued', true)
  }

  suspend(lease: ModelLease, waitsFor: ModelRun | 'timer', type: string): void {
    const { run } = lease
    const over = waitsFor !== 'timer' && !isOpen(waitsFor)
    run.journal.push(type)
    this.letGo(lease, 'waiting', over || run.cancelRequestedBy !== null)
    Object.assign(run, { waitsFor, failedAttempts: 0, deaths: 0 })
  }

  private journalFailure(run: ModelRun): void {
    run.journal.push(`attempt.failed ${run.attempt}`)
    run.attempt += 1
  }

  private letGo(lease: ModelLease, status: RunStatus, due: boolean): void {
    Object.assign(lease.run, { status, due, worker: null })
    this.drop(lease)
  }

  /** Outcome as the database names it. */
  cancel(run: ModelRun, by: string): string {
    if (run.status === 'succeeded' || run.status === 'failed') return run.status
    if (run.status === 'running') run.cancelRequestedBy = by
    else if (run.status !== 'cancelled') {
      run.journal.push('run.cancelled')
      Object.assign(run, { status: 'cancelled', due: false, cancelledBy: by, waitsFor: undefined })
      this.wakeParent(run)
    }
    this.cancelChildren(run, by)
    return 'ok'
  }

  redrive(run: ModelRun): string {
    if (run.status !== 'failed') return run.status
    this.requeue(run)
    this.requeueChildren(run, `run:${run.id}`)
    return 'ok'
  }

  /** The oldest first. */
  redriveDead(limit: number): { redriven: number; remaining: number; busy: number } {
    const dead = this.runs.filter((run) => run.dead).toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const chosen = dead.slice(0, limit)
    for (const run of chosen) this.redrive(run)
    // Each run is a conversation of its own.
    return { redriven: chosen.length, remaining: dead.length - chosen.length, busy: 0 }
  }

  private childrenOf(run: ModelRun): ModelRun[] {
    return this.runs.filter(({ parent }) => parent === run)
  }

  private wakeParent({ parent }: ModelRun): void {
    if (parent?.status === 'waiting') parent.due = true
  }

  private cancelChildren(run: ModelRun, by: string): void {
    for (const child of this.childrenOf(run).filter(isOpen)) this.cancel(child, by)
  }

  private requeue(run: ModelRun): void {
    run.journal.push('run.redriven')
    run.attempt += 1
    const fresh = { failedAttempts: 0, deaths: 0, dead: false, cancelRequestedBy: null, cancelledBy: null }
    Object.assign(run, { status: 'queued', due: true, ...fresh })
  }

  /** Those that were cancelled because a run above them failed. */
  private requeueChildren(run: ModelRun, cancelledBy: string): void {
    const cancelled = this.childrenOf(run).filter(
      (child) => child.status === 'cancelled' && child.cancelledBy === cancelledBy,
    )
    for (const child of cancelled) {
      this.requeue(child)
      this.requeueChildren(child, cancelledBy)
    }
  }
}

export function isOpen({ status }: ModelRun): boolean {
  return status === 'queued' || status === 'running' || status === 'waiting'
}

/** Whether it may have killed a worker, and goes on. */
function isSuspect({ deaths, failedAttempts, maxAttempts, cancelRequestedBy }: ModelRun): boolean {
  return deaths > 0 && failedAttempts < maxAttempts && cancelRequestedBy === null
}

export function isLastChance(run: ModelRun): boolean {
  return isSuspect(run) && run.deaths > 1 && run.failedAttempts === run.maxAttempts - 1
}

/** The least that the claim puts a run off for, rounded: it cools off from the second death on, and waits for room before. */
export function shortestPauseMs({ deaths }: ModelRun): number {
  return deaths > 1 ? 999 : 499
}

/** The most that the claim puts a run off for. */
export function longestPauseMs({ deaths }: ModelRun): number {
  return Math.min(60_000, 2_500 * 2 ** deaths)
}
