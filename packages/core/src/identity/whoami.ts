import { permissions, type Whoami } from '@freehold/contracts'
import { readTenant } from '../tenancy/tenants.ts'
import type { Caller } from './caller.ts'

export async function whoami(caller: Caller): Promise<Whoami> {
  const { tenantId } = caller
  return {
    actor: caller.actor,
    tenant: tenantId === null ? null : await readTenant(caller.platform, tenantId),
    permissions: permissions.filter((permission) => caller.permissions.has(permission)),
    roles: [...caller.roles],
    environment: caller.environment ?? null,
  }
}
