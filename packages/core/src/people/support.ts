import { FreeholdError, type Member, type StartSupport } from '@freehold/contracts'
import { sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import type { Caller, TenantCaller } from '../identity/caller.ts'
import { rolesOf } from '../identity/roles.ts'
import { authorizeOnTenant, readTenant } from '../tenancy/tenants.ts'
import { selectMembers, toMember } from './members.ts'

/**
 * Lets somebody of the installation into a tenant for a while, as themselves. The tenant sees who it is, what for and
 * until when, and can end it like any membership. Asked again, it begins anew.
 */
export async function startSupport(caller: Caller, tenantId: string, input: StartSupport): Promise<Member> {
  authorizeOnTenant(caller, 'platform:support')
  const { actor, platform } = caller
  if (actor.kind !== 'person') {
    throw new FreeholdError('permission_denied', 'Support is somebody: sign in as a person of the installation.')
  }
  await readTenant(platform, tenantId)
  const supporting: TenantCaller = { ...caller, tenantId, teams: null }
  return platform.database.withTenant(supporting, async (tx) => {
    const support = {
      roles: rolesOf(input.roles),
      reason: input.reason,
      expires_at: sql<Date>`now() + make_interval(mins => ${input.minutes})`,
    }
    const started = await tx
      .insertInto('memberships')
      .values({ tenant_id: tenantId, person_id: actor.id, source: 'support', ...support })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'person_id']).doUpdateSet(support).where('memberships.source', '=', 'support'),
      )
      .returning('person_id')
      .executeTakeFirst()
    if (!started) throw new FreeholdError('conflict', 'You are a member of this tenant already.')
    const member = toMember(
      await selectMembers(tx).where('memberships.person_id', '=', actor.id).executeTakeFirstOrThrow(),
    )
    await recordChange(tx, supporting, { action: 'support.started', subjectId: actor.id, after: member })
    return member
  })
}
