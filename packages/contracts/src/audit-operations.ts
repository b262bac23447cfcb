import { z } from 'zod'
import {
  auditAnchorsSchema,
  auditArchiveStatusSchema,
  auditEntrySchema,
  auditPruningSchema,
  auditVerificationSchema,
  pruneAuditSchema,
  verifyAuditQuery,
} from './audit.ts'
import { auditActions } from './audit-actions.ts'
import { byId, type Operation, page, pageQuery, timeSchema } from './operation.ts'

const name = z.string().min(1).max(200)

export const auditOperations = {
  listAudit: {
    method: 'get',
    path: '/audit',
    summary: 'List who changed what, newest first',
    tag: 'audit',
    permission: 'audit:read',
    query: pageQuery.extend({
      actor: name.optional(),
      action: z.enum(auditActions).optional(),
      /** The id of what was changed; of an agent, its name. */
      subject: name.optional(),
      from: timeSchema.optional(),
      to: timeSchema.optional(),
    }),
    status: 200,
    response: page(auditEntrySchema),
  },
  exportAudit: {
    method: 'get',
    path: '/audit/export',
    summary: 'Read the audit chain from its beginning, in order',
    tag: 'audit',
    permission: 'audit:read',
    query: z.strictObject({
      after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
      limit: z.coerce.number().int().min(1).max(1000).default(1000),
    }),
    status: 200,
    response: z.object({ items: z.array(auditEntrySchema) }),
  },
  listAuditAnchors: {
    method: 'get',
    path: '/audit/anchors',
    summary: 'Read the newest signed anchors of the audit chain, and the key to verify them with',
    tag: 'audit',
    permission: 'audit:read',
    status: 200,
    response: auditAnchorsSchema,
  },
  verifyAudit: {
    method: 'get',
    path: '/audit/verification',
    summary: 'Recompute the audit chain and compare it with its anchors and its archive',
    tag: 'audit',
    permission: 'audit:read',
    query: verifyAuditQuery,
    status: 200,
    response: auditVerificationSchema,
  },
  getAuditArchive: {
    method: 'get',
    path: '/audit/archive',
    summary: 'Ask the object store how far the audit chain is archived',
    tag: 'audit',
    permission: 'audit:read',
    status: 200,
    response: auditArchiveStatusSchema,
  },
  pruneAudit: {
    method: 'post',
    path: '/tenants/{id}/audit/prune',
    summary: 'Remove old audit entries of a tenant, for which a signed checkpoint then vouches',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    params: byId,
    body: pruneAuditSchema,
    status: 200,
    response: auditPruningSchema,
  },
} as const satisfies Record<string, Operation>
