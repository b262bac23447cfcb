import {
  type Environment,
  FreeholdError,
  type Permission,
  type TenantRole,
  teamPermissions,
  tenantPermissions,
  type Whoami,
} from '@freehold/contracts'
import type { Platform } from '../platform.ts'

export type Actor = Whoami['actor']

/** Who asks, on which ground, and what for. Made by the api from a verified service token only. */
export interface Caller {
  platform: Platform
  actor: Actor
  /** Null for the operator of the installation, who stands on no tenant's ground. */
  tenantId: string | null
  permissions: ReadonlySet<Permission>
  roles: readonly TenantRole[]
  /** The environment that the caller's key is bound to; all of them when absent or null. */
  environment?: Environment | null
  /** The teams that the caller acts for, and may do in each what `permissions` says; the whole tenant when absent or null. */
  teams?: readonly string[] | null
  /** The key that the caller came with; null or absent for who signed in. */
  keyId?: string | null
  /** Whether they came by the host of the tenant, and so see nothing beyond it. */
  confined?: boolean
  requestId: string
  /** Where the request came from, as the gateway saw it. */
  address?: string | undefined
}

/** A caller on a tenant's ground. */
export interface TenantCaller extends Caller {
  tenantId: string
}

export function authorize(caller: Caller, permission: Permission): asserts caller is TenantCaller {
  if (caller.actor.kind === 'person' && caller.tenantId === null) {
    throw new FreeholdError('permission_denied', 'Choose one of your tenants with the header X-Tenant-Id.')
  }
  authorizePlatform(caller, permission)
  if (caller.tenantId === null) throw new FreeholdError('permission_denied', 'This needs the API key of a tenant.')
}

/** For the few verbs that the operator of the installation may use without being a tenant. */
export function authorizePlatform(caller: Caller, permission: Permission): void {
  if (caller.permissions.has(permission)) return
  const holder =
    caller.actor.kind === 'person' ? `your roles${whereFor(permission)} don't give` : `the key doesn't have`
  throw new FreeholdError('permission_denied', `This needs the permission "${permission}", which ${holder}.`)
}

/** An admin of a team would wonder otherwise. */
function whereFor(permission: Permission): string {
  const isOf = (permissions: readonly Permission[]) => permissions.includes(permission)
  return isOf(tenantPermissions) && !isOf(teamPermissions) ? ' in the tenant as a whole' : ''
}

/** How the caller shows in journals and rows: `api_key:<id>`. */
export function actorName({ actor }: { actor: { kind: string; id: string } }): string {
  return `${actor.kind}:${actor.id}`
}
