import type { PublicInvitation, TenantRole } from '@freehold/contracts'
import { type HouseBrand, publicBrandOf } from '../branding/branding.ts'
import type { Database } from '../db/database.ts'
import { rolesOf } from '../identity/roles.ts'
import { hashToken } from './invitations.ts'
import { statusOf } from './present-invitation.ts'

interface InvitationRow {
  tenant_id: string
  tenant_name: string
  email: string
  roles: string[]
  teams: { name: string; roles: TenantRole[] }[]
  invited_by: string | null
  accepted_at: Date | null
  revoked_at: Date | null
  expires_at: Date
}

/** What an invitation is for, for whoever has its token; undefined where it is none, or its tenant is suspended. */
export async function findInvitation(
  database: Database,
  token: string,
  house: HouseBrand,
): Promise<PublicInvitation | undefined> {
  const [row] = await database.call<InvitationRow>('read-invitation', 'select * from door_read_invitation($1)', [
    hashToken(token),
  ])
  if (!row) return undefined
  return {
    tenantName: row.tenant_name,
    email: row.email,
    roles: rolesOf(row.roles),
    teams: row.teams,
    invitedBy: row.invited_by,
    status: statusOf(row),
    expiresAt: row.expires_at.toISOString(),
    brand: await publicBrandOf(database, row.tenant_id, house),
  }
}
