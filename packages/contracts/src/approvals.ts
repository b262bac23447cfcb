import { z } from 'zod'
import { tenantRoles } from './permissions.ts'
import { idSchema } from './tenants.ts'

export const approvalKinds = ['tool', 'program', 'budget'] as const
export const approvalStatuses = ['pending', 'approved', 'rejected', 'expired', 'cancelled'] as const
/** What becomes of a request that nobody decided in time. */
export const expiryOutcomes = ['reject', 'approve', 'fail'] as const

/** Who may decide: the named ones and those with one of the roles; anyone with `approvals:decide` when none is given. */
export const approversSchema = z.strictObject({
  /** As journals name them, such as `api_key:<id>`. */
  actors: z.array(z.string().min(1).max(200)).max(50).default([]),
  roles: z.array(z.enum(tenantRoles)).default([]),
})

/** Under which terms an approval is given. What is absent is decided by what comes after it in the policy. */
const approvalTermsShape = {
  approvers: approversSchema.optional(),
  /** How many different people must approve. One rejection rejects. */
  quorum: z.int().min(1).max(20).optional(),
  /** Milliseconds from the request. The run's own time stands still meanwhile. */
  expiresAfterMs: z.int().min(1000).max(1_728_000_000).optional(),
  onExpiry: z.enum(expiryOutcomes).optional(),
  /** Whether the one who started the run, or the run above it, may decide. */
  allowSelf: z.boolean().optional(),
}
export const approvalTermsSchema = z.strictObject(approvalTermsShape)
export type ApprovalTerms = z.output<typeof approvalTermsSchema>

/** Nobody's silence raises a budget. */
const budgetApprovalSchema = z.strictObject({
  ...approvalTermsShape,
  onExpiry: z.enum(expiryOutcomes).exclude(['approve']).optional(),
})

const whenSchema = z.string().trim().min(1).max(2000).optional()

interface Requirement {
  require?: 'never' | 'always' | 'when' | undefined
  when?: string | undefined
}

const hasItsExpression = ({ require, when }: Requirement) => (require === 'when') === (when !== undefined)
const expressionMessage = { path: ['when'], error: 'is for "require": "when", which needs it' }

const toolApprovalSchema = z
  .strictObject({
    require: z.enum(['never', 'always', 'when']).optional(),
    /** A CEL expression over `args`, `agent` and `environment`; approval is needed where it is true or fails. */
    when: whenSchema,
    ...approvalTermsShape,
  })
  .refine(hasItsExpression, expressionMessage)

/**
 * Which tool calls of an agent need approval. A tool's own entry counts first, then, for tools of high risk, `always`,
 * then `default`, then `never`. So only a tool's own entry can lower a high risk.
 */
export const approvalPolicySchema = z.strictObject({
  default: z
    .strictObject({ require: z.enum(['always', 'when']).optional(), when: whenSchema, ...approvalTermsShape })
    .refine(hasItsExpression, expressionMessage)
    .optional(),
  tools: z.record(z.string().min(1).max(64), toolApprovalSchema).default({}),
  /** A run that meets a budget waits for an approval to raise it, on these terms; without them it ends as failed. */
  budget: budgetApprovalSchema.optional(),
})
export type ApprovalPolicy = z.output<typeof approvalPolicySchema>

/** What an approval of the kind `budget` is about: more of one limit, for one subject, until the budget's next reset. */
export const budgetRaiseSchema = z.strictObject({
  budgetId: idSchema,
  name: z.string(),
  subject: z.string(),
  windowStart: z.string(),
  limitOf: z.enum(['money', 'tokens', 'requests']),
  raiseBy: z.int().min(1).meta({ description: 'Nano-USD, tokens or requests. An approver may change it.' }),
})
export type BudgetRaise = z.output<typeof budgetRaiseSchema>

export const decideApprovalSchema = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  argumentsHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the `argumentsHash` of the approval')
    .meta({ description: 'What you decide on. Another hash than the current one is a conflict.' }),
  arguments: z
    .unknown()
    .optional()
    .meta({ description: 'Approve these instead. With a quorum, the others must then approve them too.' }),
  comment: z.string().trim().max(2000).optional(),
})
export type DecideApproval = z.output<typeof decideApprovalSchema>

const approvalShape = {
  id: idSchema,
  runId: idSchema,
  step: z.string(),
  agent: z.string(),
  version: z.int(),
  kind: z.enum(approvalKinds),
  tool: z.string().nullable(),
  reason: z.string().meta({ description: 'Why it is asked for.' }),
  arguments: z.unknown().meta({ description: 'Exactly what would happen, as edited by an approver if one did.' }),
  argumentsHash: z.string().meta({ description: 'SHA-256 of the canonical JSON (RFC 8785) of the arguments.' }),
  originalArguments: z.unknown(),
  requestedBy: z.string().meta({ description: 'Who started the run, or the run above it.' }),
  approvers: approversSchema,
  quorum: z.int(),
  allowSelf: z.boolean(),
  expiresAt: z.iso.datetime(),
  onExpiry: z.enum(expiryOutcomes),
  status: z.enum(approvalStatuses),
  createdAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().nullable(),
  usedAt: z.iso.datetime().nullable(),
}

const approvalDecisionSchema = z.object({
  actor: z.string(),
  decision: z.enum(['approve', 'reject']),
  argumentsHash: z.string(),
  comment: z.string().nullable(),
  edited: z.boolean(),
  at: z.iso.datetime(),
})

export const approvalSummarySchema = z.object(approvalShape).meta({ id: 'ApprovalSummary' })
export const approvalSchema = z
  .object({ ...approvalShape, decisions: z.array(approvalDecisionSchema) })
  .meta({ id: 'Approval' })
export type ApprovalSummary = z.output<typeof approvalSummarySchema>
export type Approval = z.output<typeof approvalSchema>
