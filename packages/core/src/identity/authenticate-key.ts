import {
  type Environment,
  FreeholdError,
  type Permission,
  platformPermissions,
  type TenantPermission,
  type TenantRole,
  tenantPermissions,
  tenantRoles,
} from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import type { Actor } from './caller.ts'
import { hashKey, looksLikeKey } from './keys.ts'

export interface Identity {
  actor: Actor
  tenantId: string | null
  permissions: Permission[]
  roles: TenantRole[]
  /** What it may do for teams, beside what it may do in the whole tenant. */
  teams: TeamGrant[]
  /** The environment that the key is bound to; null: all of them. */
  environment: Environment | null
}

/** What somebody is in a team, or with `permissions`, what a key of it may do there. */
export interface TeamGrant {
  id: string
  roles: TenantRole[]
  permissions?: TenantPermission[] | undefined
}

interface KeyRow {
  tenant_id: string
  key_id: string
  name: string
  scopes: string[]
  roles: string[]
  tenant_status: string
  environment: Environment | null
  team_id: string | null
}

/** Finds who a key belongs to. Throws `unauthenticated`, or `tenant_suspended` for a key that is otherwise good. */
export async function authenticateKey(database: Database, key: string): Promise<Identity> {
  if (looksLikeKey(key)) {
    const identity = key.startsWith('fho_') ? await findOperator(database, key) : await findTenantKey(database, key)
    if (identity) return identity
  }
  throw new FreeholdError('unauthenticated', 'The API key is not valid: it is unknown, revoked or expired.')
}

async function findOperator(database: Database, key: string): Promise<Identity | undefined> {
  const [row] = await database.call<{ key_id: string }>(
    'find-operator-key',
    'select * from door_find_operator_key($1)',
    [hashKey(key)],
  )
  return (
    row && {
      actor: { kind: 'operator', id: row.key_id, name: 'operator' },
      tenantId: null,
      permissions: [...platformPermissions],
      roles: [],
      teams: [],
      environment: null,
    }
  )
}

async function findTenantKey(database: Database, key: string): Promise<Identity | undefined> {
  const [row] = await database.call<KeyRow>('find-api-key', 'select * from door_find_api_key($1)', [hashKey(key)])
  if (!row) return undefined
  if (row.tenant_status !== 'active') throw tenantSuspended()
  const permissions = tenantPermissions.filter((permission) => row.scopes.includes(permission))
  const roles = tenantRoles.filter((role) => row.roles.includes(role))
  const granted =
    row.team_id === null
      ? { permissions, roles, teams: [] }
      : { permissions: [], roles: [], teams: [{ id: row.team_id, roles, permissions }] }
  const actor = { kind: 'api_key' as const, id: row.key_id, name: row.name }
  return { actor, tenantId: row.tenant_id, ...granted, environment: row.environment }
}

export function tenantSuspended(): FreeholdError {
  return new FreeholdError(
    'tenant_suspended',
    'The tenant is suspended. The operator of this installation can lift that.',
  )
}
