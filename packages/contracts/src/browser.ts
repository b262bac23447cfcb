// What a page needs to run: the client and the closed lists, without the schemas that a server parses by. Types come from
// index.ts.
export { auditActions } from './audit-actions.ts'
export { createClient, readProblem } from './client.ts'
export { contrastOf, luminanceOf } from './contrast.ts'
export { dollarDecimals, priceDecimals } from './decimals.ts'
export { errorStatus, FreeholdError } from './errors.ts'
export {
  environmentPermissions,
  permissionsOf,
  rolePermissions,
  tenantPermissions,
  tenantRoles,
} from './permissions.ts'
export { randomUuid } from './random-uuid.ts'
export { isTerminalStatus, runStatuses } from './run-status.ts'
export { tenantNameHint, tenantNamePattern } from './tenant-name.ts'
export { pause, readFrames } from './watch-journal.ts'
export { webhookEvents } from './webhook-events.ts'
