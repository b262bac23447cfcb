import type { Invitation } from '@freehold/contracts'
import type { Selectable } from 'kysely'
import type { Invitations } from '../db/schema.gen.ts'
import { rolesOf } from '../identity/roles.ts'

export function toInvitation(row: Selectable<Invitations>): Invitation {
  return {
    id: row.id,
    email: row.email,
    roles: rolesOf(row.roles),
    teams: readTeams(row),
    status: statusOf(row),
    invitedBy: row.invited_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}

/** Written by `createInvitation` only. A team that was deleted since is passed over. */
export function readTeams({ teams }: Selectable<Invitations>): Invitation['teams'] {
  return teams as Invitation['teams']
}

export function statusOf({
  accepted_at,
  revoked_at,
  expires_at,
}: Pick<Selectable<Invitations>, 'accepted_at' | 'revoked_at' | 'expires_at'>): Invitation['status'] {
  if (accepted_at) return 'accepted'
  if (revoked_at) return 'revoked'
  return expires_at < new Date() ? 'expired' : 'pending'
}
