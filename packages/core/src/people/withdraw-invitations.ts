import type { TenantRole } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import type { Tx } from '../db/database.ts'
import type { Invitations } from '../db/schema.gen.ts'
import type { TenantCaller } from '../identity/caller.ts'
import { toInvitation } from './present-invitation.ts'

type InvitationRow = Selectable<Invitations>

/**
 * Takes back what this address is invited to and has not accepted, but for what offers no other roles than these. Before
 * the membership is locked: whoever accepts locks the invitation first.
 */
export async function withdrawInvitations(
  tx: Tx,
  email: string | null,
  kept?: readonly TenantRole[],
): Promise<InvitationRow[]> {
  if (email === null) return []
  return tx
    .updateTable('invitations')
    .set({ revoked_at: new Date() })
    .where('email', '=', email)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .$if(kept !== undefined, (q) => q.where(sql<boolean>`not roles <@ ${[...(kept ?? [])]}::text[]`))
    .returningAll()
    .execute()
}

/** Together with the entry of what they were taken back for. */
export async function recordWithdrawals(
  tx: Tx,
  caller: TenantCaller,
  withdrawn: readonly InvitationRow[],
): Promise<void> {
  for (const row of withdrawn) {
    const change = { before: toInvitation({ ...row, revoked_at: null }), after: toInvitation(row) }
    await recordChange(tx, caller, { action: 'invitation.revoked', subjectId: row.id, ...change })
  }
}
