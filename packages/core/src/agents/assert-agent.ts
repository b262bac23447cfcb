import { FreeholdError } from '@freehold/contracts'
import type { Tx } from '../db/database.ts'

/** A typing error in what names an agent shows at once. Whether a version is released may change at any time. */
export async function assertAgent(tx: Tx, name: string): Promise<void> {
  const agent = await tx.selectFrom('agent_templates').select('id').where('name', '=', name).limit(1).executeTakeFirst()
  if (!agent) throw new FreeholdError('not_found', `There is no agent named "${name}".`)
}
