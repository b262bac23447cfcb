import { FreeholdError } from '@freehold/contracts'
import type { Tx } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'

/** Refuses who acts for teams that an agent, which they see, is only shared with. */
export async function assertOwnsAgent(tx: Tx, { teams }: Caller, agent: string): Promise<void> {
  if (!teams) return
  const owner = await tx
    .selectFrom('resource_owners')
    .select('team_id')
    .where('kind', '=', 'agent')
    .where('resource', '=', agent)
    .executeTakeFirst()
  if (!owner || !teams.includes(owner.team_id)) throw onlyShared(agent)
}

/** What is shared is for use. */
export function onlyShared(agent: string): FreeholdError {
  const message = `"${agent}" is shared with your team for use: only the team that owns it tries and releases its versions.`
  return new FreeholdError('permission_denied', message)
}
