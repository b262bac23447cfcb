import { type AgentLimits, type ApprovalPolicy, agentLimitsSchema, approvalPolicySchema } from '@freehold/contracts'

/** Reads the limits of a stored version. What a newer release added to it is left out, so that it still runs here. */
export function parseStoredLimits(stored: unknown): AgentLimits {
  return agentLimitsSchema.strip().parse(stored)
}

/** Reads the approval policy of a stored version. What a newer release added may be what forbids, so it counts as `always`. */
export function parseStoredApprovals(stored: unknown): ApprovalPolicy {
  const parsed = approvalPolicySchema.safeParse(stored)
  return parsed.success ? parsed.data : { default: { require: 'always' }, tools: {} }
}
