import type { ApprovalSummary, EventData } from '@freehold/contracts'
import type { Database } from '../db/database.ts'

export interface SettledApproval {
  status: ApprovalSummary['status']
  /** What the journal says of it once it is neither pending nor cancelled. */
  outcome: EventData<'approval.decided'>
}

/** How an approval stands, for the worker that holds its run. One whose time is over comes out as its policy says. */
export async function settleApproval(
  database: Database,
  run: { tenantId: string },
  approvalId: string,
): Promise<SettledApproval> {
  const [row] = await database.call<SettledApproval>('settle-approval', 'select * from settle_approval($1, $2)', [
    run.tenantId,
    approvalId,
  ])
  if (!row) throw new Error(`The journal asks for the approval ${approvalId}, and there is none`)
  return row
}
