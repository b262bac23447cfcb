import { FreeholdError } from '@freehold/contracts'

/** A conversation has one run at a time. `what` is to wait until run `runId` has ended. */
export function threadBusy(runId: string, what: string): FreeholdError {
  const message = `This conversation is still at run ${runId}. ${what} when that has ended: wait for it, decide what it asks, or cancel it.`
  return new FreeholdError('conflict', message)
}
