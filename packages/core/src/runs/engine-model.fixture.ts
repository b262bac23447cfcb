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
  lastSeq: number
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
}

/** The engine as it should be, without a database. One method for each thing that can happen to a run. */
export class EngineModel {
  readonly runs: ModelRun[] = []
  leases: ModelLease[] = []

  open(): ModelRun[] {
    return this.runs.filter(isOpen)
  }

  start(id: string, parent?: ModelRun): ModelRun {
    const fresh = { token: 0, lastSeq: 1, cancelRequestedBy: null, cancelledBy: null, waitsFor: undefined }
    const name = `run ${this.runs.length + 1}`
    const run: ModelRun = { id, name, parent, status: 'queued', due: true, worker: null, ...fresh }
    this.runs.push(run)
    return run
  }

  claim(run: ModelRun, worker: string): ModelLease {
    run.token += 1
    run.lastSeq += 1
    Object.assign(run, { status: 'running', due: false, worker, waitsFor: undefined })
    const lease = { worker, run, token: run.token, lastSeq: run.lastSeq }
    this.leases.push(lease)
    return lease
  }

  isGood({ run, token }: ModelLease): boolean {
    return run.status === 'running' && run.token === token
  }

  append(lease: ModelLease): void {
    lease.run.lastSeq += 1
    lease.lastSeq += 1
  }

  drop(lease: ModelLease): void {
    this.leases = this.leases.filter((other) => other !== lease)
  }

  finish(lease: ModelLease, status: 'succeeded' | 'failed'): void {
    const { run } = lease
    this.letGo(lease, status, false)
    this.wakeParent(run)
    if (status === 'failed') this.cancelChildren(run, `run:${run.id}`)
  }

  release(lease: ModelLease): void {
    this.letGo(lease, 'queued', true)
  }

  suspend(lease: ModelLease, waitsFor: ModelRun | 'timer'): void {
    const over = waitsFor !== 'timer' && !isOpen(waitsFor)
    this.letGo(lease, 'waiting', over || lease.run.cancelRequestedBy !== null)
    lease.run.waitsFor = waitsFor
  }

  private letGo(lease: ModelLease, status: RunStatus, due: boolean): void {
    lease.run.lastSeq += 1
    Object.assign(lease.run, { status, due, worker: null })
    this.drop(lease)
  }

  /** Outcome as the database names it. */
  cancel(run: ModelRun, by: string): string {
    if (run.status === 'succeeded' || run.status === 'failed') return run.status
    if (run.status === 'running') run.cancelRequestedBy = by
    else if (run.status !== 'cancelled') {
      run.lastSeq += 1
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
    run.lastSeq += 1
    Object.assign(run, { status: 'queued', due: true, cancelRequestedBy: null, cancelledBy: null })
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
