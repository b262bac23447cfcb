/** What a decision makes untrue. */
export const changedByDecision = ['listApprovals', 'getApproval', 'getRun', 'listRuns', 'listBudgets'] as const
