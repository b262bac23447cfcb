import { FreeholdError } from '@freehold/contracts'
import type { Tx } from '../db/database.ts'

/** Throws `not_found` when one of these is no team of the tenant. Those that are stay until the transaction ends. */
export async function assertTeams(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const found = await tx.selectFrom('teams').select('id').where('id', 'in', ids).forKeyShare().execute()
  const missing = ids.find((id) => !found.some((team) => team.id === id))
  if (missing !== undefined) throw new FreeholdError('not_found', `There is no team with the id ${missing}.`)
}
