import type { OperationId } from '@freehold/contracts'

/** What every change of a release makes untrue. */
export const changedByRelease: readonly OperationId[] = [
  'getAgent',
  'getRelease',
  'listAgents',
  'listReleaseHistory',
  'listReleaseRequests',
]
