// The worker's side of a run. No caller stands here: a lease, with its fencing token, is the right to write.

/** A worker's right to write to a run, good until another worker claims the run. */
export interface Lease {
  tenantId: string
  runId: string
  token: number
}

/** The run belongs to another worker now; whatever this one still does for it must have no effect. */
export class LeaseLostError extends Error {
  constructor(runId: string) {
    super(`The lease on run ${runId} was lost`)
    this.name = 'LeaseLostError'
  }
}
