import { recordChange } from '../audit/record-change.ts'
import type { Caller } from '../identity/caller.ts'
import { recognizePerson, type VouchedPerson } from './recognize-person.ts'

/**
 * Makes somebody the owner of the installation, and an owner of these tenants. For the process that sets the installation
 * up; no route leads here.
 */
export async function registerOwner(
  operator: Caller,
  vouched: VouchedPerson,
  tenantIds: readonly string[],
): Promise<void> {
  const { database } = operator.platform
  const { id } = await recognizePerson(database, vouched)
  await database.call('set-platform-role', 'select door_set_platform_role($1, $2)', [id, 'owner'])
  for (const tenantId of tenantIds) {
    await database.withTenant(tenantId, async (tx) => {
      const membership = { roles: ['owner'], source: 'installation' }
      const added = await tx
        .insertInto('memberships')
        .values({ tenant_id: tenantId, person_id: id, ...membership })
        .onConflict((conflict) => conflict.doNothing())
        .returning('person_id')
        .executeTakeFirst()
      const change = { action: 'member.added', subjectId: id, after: membership } as const
      if (added) await recordChange(tx, { ...operator, tenantId }, change)
    })
  }
}
