import { FreeholdError } from '@freehold/contracts'
import { type Caller, decideApproval, findInterruption, type Interruption } from '@freehold/core'
import type { AguiInput } from './read-input.ts'

/**
 * Decides as the caller where an answer carries a decision that is still wanted, and says where the run goes on. What was
 * decided already, by this caller or another, stays as it is, so the same answers can be posted again.
 */
export async function answerInterrupt(
  caller: Caller,
  agent: string,
  { threadId, answers }: AguiInput,
): Promise<Interruption> {
  const ids = [...new Set(answers.map(({ approvalId }) => approvalId))]
  const interruption = await findInterruption(caller, ids)
  if (interruption.agent !== agent || interruption.threadId !== threadId) {
    throw new FreeholdError('conflict', 'The interrupt belongs to a run of another agent or thread.')
  }
  const decisions = answers.filter(({ approvalId, decision }) => decision && interruption.undecided.has(approvalId))
  for (const { approvalId, decision } of decisions) {
    if (decision) await decideApproval(caller, approvalId, decision)
  }
  return decisions.length > 0 ? findInterruption(caller, ids) : interruption
}
