export type { EgressPolicy, Resolve } from './check-target.ts'
export { EgressError, type EgressErrorCode } from './egress-error.ts'
export { type EgressRule, parseEgressAllow } from './egress-rules.ts'
export { createGuardedFetch, type GuardedFetch, type GuardedRequest, type GuardedResponse } from './guarded-fetch.ts'
