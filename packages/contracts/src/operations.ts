import { z } from 'zod'
import { agentOperations, byName } from './agent-operations.ts'
import { approvalOperations } from './approval-operations.ts'
import { auditOperations } from './audit-operations.ts'
import { brandingOperations } from './branding-operations.ts'
import { budgetOperations } from './budget-operations.ts'
import { deleteTenantSchema, tenantDeletionSchema } from './deletion.ts'
import { runEventSchema } from './events.ts'
import { flagOperations } from './flag-operations.ts'
import {
  appliedTenantSchema,
  applyTenantQuery,
  createTenantSchema,
  importedTenantSchema,
  onboardedTenantSchema,
  tenantDefinitionSchema,
} from './onboarding.ts'
import { byId, type Operation, page, pageQuery } from './operation.ts'
import { overviewOperations } from './overview.ts'
import { peopleOperations } from './people-operations.ts'
import { planOperations } from './plan-operations.ts'
import { platformOperations } from './platform.ts'
import { releaseOperations } from './release-operations.ts'
import {
  decideSchema,
  listRunsQuery,
  listThreadsQuery,
  messageSchema,
  redrivenRunsSchema,
  redriveRunsSchema,
  runSchema,
  runSummarySchema,
  startRunSchema,
  threadIdSchema,
  threadSchema,
} from './runs.ts'
import { scheduleOperations } from './schedule-operations.ts'
import { secretOperations } from './secret-operations.ts'
import { serviceOperations } from './service-operations.ts'
import { teamOperations } from './team-operations.ts'
import {
  createdKeySchema,
  createKeySchema,
  keySchema,
  tenantSchema,
  updateTenantSchema,
  whoamiSchema,
} from './tenants.ts'
import { usageOperations } from './usage.ts'
import { webhookOperations } from './webhook-operations.ts'

const archiveType = 'application/gzip'
const maxArchiveBytes = 4 * 1024 ** 3
const byThread = z.strictObject({ id: threadIdSchema })
const nothing = z.undefined()

export const operations = {
  whoami: {
    method: 'get',
    path: '/whoami',
    summary: 'Who the credentials belong to and what they allow',
    tag: 'identity',
    permission: null,
    status: 200,
    response: whoamiSchema,
  },
  createTenant: {
    method: 'post',
    path: '/tenants',
    summary: 'Create a tenant with its first API key, and what it is to have',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    body: createTenantSchema,
    status: 201,
    response: onboardedTenantSchema,
    idempotency: 'caller',
  },
  applyTenant: {
    method: 'post',
    path: '/tenants/apply',
    summary: 'Create a tenant of this name, or add to it and change what is defined; again, it changes nothing',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    query: applyTenantQuery,
    body: tenantDefinitionSchema,
    status: 200,
    response: appliedTenantSchema,
  },
  listTenants: {
    method: 'get',
    path: '/tenants',
    summary: 'List the tenants of the installation',
    tag: 'tenants',
    permission: 'platform:tenants:read',
    query: pageQuery,
    status: 200,
    response: page(tenantSchema),
  },
  getTenant: {
    method: 'get',
    path: '/tenants/{id}',
    summary: 'Read a tenant',
    tag: 'tenants',
    permission: 'platform:tenants:read',
    params: byId,
    status: 200,
    response: tenantSchema,
  },
  suspendTenant: {
    method: 'post',
    path: '/tenants/{id}/suspend',
    summary: 'Refuse the keys of a tenant and stop claiming its runs; nothing is deleted',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    params: byId,
    status: 200,
    response: tenantSchema,
  },
  resumeTenant: {
    method: 'post',
    path: '/tenants/{id}/resume',
    summary: 'Lift the suspension of a tenant',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    params: byId,
    status: 200,
    response: tenantSchema,
  },
  exportTenant: {
    method: 'get',
    path: '/tenants/{id}/archive',
    summary: 'Download everything of a suspended tenant but values of secrets and keys',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    params: byId,
    status: 200,
    download: archiveType,
    response: z.custom<ReadableStream<Uint8Array>>(),
  },
  importTenant: {
    method: 'post',
    path: '/tenants/import',
    summary: 'Bring in a tenant from the archive of another installation, suspended and under its old ids',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    upload: { mediaType: archiveType, maxBytes: maxArchiveBytes },
    status: 201,
    response: importedTenantSchema,
  },
  deleteTenant: {
    method: 'post',
    path: '/tenants/{id}/deletion',
    summary:
      'Delete a suspended tenant with all it has: the first request begins, each further one deletes for some seconds',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    params: byId,
    body: deleteTenantSchema,
    status: 200,
    response: tenantDeletionSchema,
  },
  getTenantDeletion: {
    method: 'get',
    path: '/tenants/{id}/deletion',
    summary: 'How far the deletion of a tenant has come, and its signed certificate once nothing is left',
    tag: 'tenants',
    permission: 'platform:tenants:read',
    params: byId,
    status: 200,
    response: tenantDeletionSchema,
  },
  issueTenantKey: {
    method: 'post',
    path: '/tenants/{id}/keys',
    summary: 'Issue an API key for a tenant, as the operator',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    params: byId,
    body: createKeySchema,
    status: 201,
    response: createdKeySchema,
    idempotency: 'caller',
  },
  getOwnTenant: {
    method: 'get',
    path: '/tenant',
    summary: 'Read the tenant that the credentials belong to',
    tag: 'tenants',
    permission: 'tenant:read',
    status: 200,
    response: tenantSchema,
  },
  updateOwnTenant: {
    method: 'patch',
    path: '/tenant',
    summary: 'Change the settings of the tenant: hosts that its tools may reach, time zone, assumed price of models',
    tag: 'tenants',
    permission: 'tenant:write',
    body: updateTenantSchema,
    status: 200,
    response: tenantSchema,
  },
  ...brandingOperations,
  ...planOperations,
  ...platformOperations,
  createKey: {
    method: 'post',
    path: '/keys',
    summary: 'Create an API key',
    tag: 'keys',
    permission: 'keys:write',
    body: createKeySchema,
    status: 201,
    response: createdKeySchema,
    idempotency: 'caller',
  },
  listKeys: {
    method: 'get',
    path: '/keys',
    summary: 'List the API keys',
    tag: 'keys',
    permission: 'keys:read',
    query: pageQuery,
    status: 200,
    response: page(keySchema),
  },
  revokeKey: {
    method: 'delete',
    path: '/keys/{id}',
    summary: 'Revoke an API key; it stops working within seconds',
    tag: 'keys',
    permission: 'keys:write',
    params: byId,
    status: 200,
    response: keySchema,
  },
  ...agentOperations,
  ...releaseOperations,
  startRun: {
    method: 'post',
    path: '/agents/{name}/runs',
    summary: 'Start a run; with `wait`, hold the answer until it ends or the seconds pass',
    tag: 'runs',
    permission: 'runs:start',
    params: byName,
    query: z.strictObject({ wait: z.coerce.number().min(0).max(60).default(0) }),
    body: startRunSchema,
    status: 202,
    response: runSchema,
    idempotency: 'tenant',
  },
  listRuns: {
    method: 'get',
    path: '/runs',
    summary: 'List runs, newest first',
    tag: 'runs',
    permission: 'runs:read',
    query: listRunsQuery,
    status: 200,
    response: page(runSummarySchema),
  },
  getRun: {
    method: 'get',
    path: '/runs/{id}',
    summary: 'Read a run with its steps',
    tag: 'runs',
    permission: 'runs:read',
    params: byId,
    status: 200,
    response: runSchema,
  },
  listRunEvents: {
    method: 'get',
    path: '/runs/{id}/events',
    summary: 'Read the journal of a run: JSON, or live as an event stream that resumes by `Last-Event-ID`',
    tag: 'runs',
    permission: 'runs:read',
    params: byId,
    query: z.strictObject({
      after: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
      limit: z.coerce.number().int().min(1).max(1000).default(1000),
      /** Only those of one step; for JSON, not for the stream. */
      step: z.string().min(1).max(200).optional(),
    }),
    status: 200,
    response: z.object({ items: z.array(runEventSchema) }),
    stream: true,
  },
  cancelRun: {
    method: 'post',
    path: '/runs/{id}/cancel',
    summary: 'Cancel a run; a model call in flight is stopped',
    tag: 'runs',
    permission: 'runs:control',
    params: byId,
    status: 202,
    response: runSchema,
  },
  redriveRun: {
    method: 'post',
    path: '/runs/{id}/redrive',
    summary: 'Queue a failed run again; its finished steps are kept',
    tag: 'runs',
    permission: 'runs:control',
    params: byId,
    status: 202,
    response: runSchema,
  },
  redriveRuns: {
    method: 'post',
    path: '/runs/redrive',
    summary: 'Queue dead runs again, the oldest first',
    tag: 'runs',
    permission: 'runs:control',
    body: redriveRunsSchema,
    status: 202,
    response: redrivenRunsSchema,
  },
  decideRun: {
    method: 'post',
    path: '/runs/{id}/decisions',
    summary: 'Say what to do with a tool call whose outcome is unknown',
    tag: 'runs',
    permission: 'runs:control',
    params: byId,
    body: decideSchema,
    status: 202,
    response: runSchema,
  },
  listThreads: {
    method: 'get',
    path: '/threads',
    summary: 'List conversations, newest first',
    tag: 'threads',
    permission: 'threads:read',
    query: listThreadsQuery,
    status: 200,
    response: page(threadSchema),
  },
  getThread: {
    method: 'get',
    path: '/threads/{id}',
    summary: 'Read who began a conversation, and its last run',
    tag: 'threads',
    permission: 'threads:read',
    params: byThread,
    status: 200,
    response: threadSchema,
  },
  listMessages: {
    method: 'get',
    path: '/threads/{id}/messages',
    summary: 'Read the messages of a conversation, oldest first',
    tag: 'threads',
    permission: 'threads:read',
    params: byThread,
    query: pageQuery,
    status: 200,
    response: page(messageSchema),
  },
  ...usageOperations,
  ...overviewOperations,
  ...flagOperations,
  ...approvalOperations,
  ...auditOperations,
  ...budgetOperations,
  ...peopleOperations,
  ...scheduleOperations,
  ...secretOperations,
  ...serviceOperations,
  ...teamOperations,
  ...webhookOperations,
} as const satisfies Record<string, Operation>

export type { Operation }
export type Operations = typeof operations
export type OperationId = keyof Operations
export const operationIds = Object.keys(operations) as OperationId[]

type Field<O, K extends string> = O extends Record<K, z.ZodType> ? O[K] : typeof nothing
/** What the caller sends. */
export type OperationInput<Id extends OperationId> = {
  params: z.input<Field<Operations[Id], 'params'>>
  query: z.input<Field<Operations[Id], 'query'>>
  body: z.input<Field<Operations[Id], 'body'>>
}
/** What a handler receives, parsed. */
export type OperationRequest<Id extends OperationId> = {
  params: z.output<Field<Operations[Id], 'params'>>
  query: z.output<Field<Operations[Id], 'query'>>
  body: z.output<Field<Operations[Id], 'body'>>
}
export type OperationResponse<Id extends OperationId> = z.output<Operations[Id]['response']>
