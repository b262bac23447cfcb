import { FreeholdError, type Operation, type Permission, platformPermissions } from '@freehold/contracts'
import { readMemberships } from '../people/recognize-person.ts'
import { authorizeOnTenant } from '../tenancy/tenants.ts'
import { tenantSuspended } from './authenticate-key.ts'
import { authorize, authorizePlatform, type Caller } from './caller.ts'

/** Refuses whoever lacks the permission of an operation, as its verb would, before anything that was sent is judged. */
export async function authorizeOperation(
  caller: Caller,
  { permission, path }: Pick<Operation, 'permission' | 'path'>,
): Promise<void> {
  if (permission === null) return
  const ofPlatform = platformPermissions.find((each) => each === permission)
  if (ofPlatform === undefined) return authorizeInTenant(caller, permission)
  if (path.startsWith('/tenants/{id}')) authorizeOnTenant(caller, ofPlatform)
  else authorizePlatform(caller, ofPlatform)
}

async function authorizeInTenant(caller: Caller, permission: Permission): Promise<void> {
  const { platform, actor, tenantId, confined } = caller
  if (actor.kind === 'person' && tenantId === null) {
    if (confined) throw notInvited('You do not belong to the tenant of this host')
    const memberships = await readMemberships(platform.database, actor.id)
    const [first, ...others] = memberships
    if (!first) throw notInvited('You belong to no tenant yet')
    if (others.length === 0 && first.status === 'suspended') throw await tenantSuspended(platform.database, first.id)
  }
  authorize(caller, permission)
}

function notInvited(why: string): FreeholdError {
  return new FreeholdError('permission_denied', `${why}: it takes an invitation of an owner.`)
}
