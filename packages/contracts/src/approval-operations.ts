import { z } from 'zod'
import { approvalSchema, approvalStatuses, approvalSummarySchema, decideApprovalSchema } from './approvals.ts'
import { byId, type Operation, page, pageQuery } from './operation.ts'
import { idSchema } from './tenants.ts'

export const approvalOperations = {
  listApprovals: {
    method: 'get',
    path: '/approvals',
    summary: 'List what runs asked approval for, newest first',
    tag: 'approvals',
    permission: 'approvals:read',
    query: pageQuery.extend({ status: z.enum(approvalStatuses).optional(), runId: idSchema.optional() }),
    status: 200,
    response: page(approvalSummarySchema),
  },
  getApproval: {
    method: 'get',
    path: '/approvals/{id}',
    summary: 'Read an approval with its decisions',
    tag: 'approvals',
    permission: 'approvals:read',
    params: byId,
    status: 200,
    response: approvalSchema,
  },
  decideApproval: {
    method: 'post',
    path: '/approvals/{id}/decision',
    summary: 'Approve or reject exactly the arguments with a hash; `arguments` approves others instead',
    tag: 'approvals',
    permission: 'approvals:decide',
    params: byId,
    body: decideApprovalSchema,
    status: 200,
    response: approvalSchema,
  },
} as const satisfies Record<string, Operation>
