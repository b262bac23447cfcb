export { EgressError } from './egress-error.ts'
export { type EgressRule, parseEgressAllow } from './egress-rules.ts'
export { createGuardedFetch } from './guarded-fetch.ts'
export type { GuardedFetch, GuardedRequest, GuardedResponse } from './guarded-request.ts'
