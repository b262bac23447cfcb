import {
  type Environment,
  FreeholdError,
  type Permission,
  permissionsOf,
  platformPermissions,
  type RateLimits,
  type TenantPermission,
  type TenantRole,
  tenantPermissions,
} from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import type { MembershipRow } from '../people/recognize-person.ts'
import { noRateLimits, type RateRow, toRateLimits } from '../tenancy/plans.ts'
import type { Actor } from './caller.ts'
import { hashKey, looksLikeKey } from './keys.ts'
import { rolesOf } from './roles.ts'

export interface Identity {
  actor: Actor
  tenantId: string | null
  permissions: Permission[]
  roles: TenantRole[]
  /** What it may do for teams, beside what it may do in the whole tenant. */
  teams: TeamGrant[]
  /** The key that they came with; null for who signed in. */
  keyId: string | null
  /** The environment that the key is bound to; null: all of them. */
  environment: Environment | null
  /** What the tenant's plan says of requests. */
  limits: RateLimits
  /** Whether they came by the host of the tenant, and so see and reach nothing beyond it. */
  confined?: boolean
  /** A limit of the key's own. */
  requestsPerSecond: number | null
}

/** What somebody is in a team, or with `permissions`, what a key of it may do there. */
export interface TeamGrant {
  id: string
  roles: TenantRole[]
  permissions?: TenantPermission[] | undefined
}

interface KeyRow extends RateRow {
  tenant_id: string
  key_id: string
  name: string
  scopes: string[]
  roles: string[]
  tenant_status: string
  environment: Environment | null
  team_id: string | null
  /** The service account that the key acts as. */
  member: (MembershipRow & { person: string; personName: string }) | null
  requests_per_second: number | null
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
      keyId: row.key_id,
      environment: null,
      limits: noRateLimits,
      requestsPerSecond: null,
    }
  )
}

async function findTenantKey(database: Database, key: string): Promise<Identity | undefined> {
  const [row] = await database.call<KeyRow>('find-api-key', 'select * from door_find_api_key($1)', [hashKey(key)])
  if (!row) return undefined
  if (row.tenant_status !== 'active') throw await tenantSuspended(database, row.tenant_id)
  return {
    tenantId: row.tenant_id,
    ...grantsOf(row),
    keyId: row.key_id,
    environment: row.environment,
    limits: toRateLimits(row),
    requestsPerSecond: row.requests_per_second,
  }
}

function grantsOf(row: KeyRow): Pick<Identity, 'actor' | 'permissions' | 'roles' | 'teams'> {
  const inScope = (permissions: readonly TenantPermission[]) =>
    permissions.filter((permission) => row.scopes.includes(permission))
  const permissions = inScope(tenantPermissions)
  if (row.member) {
    const { person, personName, roles, teams } = row.member
    return {
      actor: { kind: 'service_account', id: person, name: personName },
      permissions: inScope(permissionsOf(roles)),
      roles,
      teams: teams.map((team) => ({ id: team.id, roles: team.roles, permissions: inScope(permissionsOf(team.roles)) })),
    }
  }
  const actor = { kind: 'api_key' as const, id: row.key_id, name: row.name }
  const roles = rolesOf(row.roles)
  if (row.team_id === null) return { actor, permissions, roles, teams: [] }
  return { actor, permissions: [], roles: [], teams: [{ id: row.team_id, roles, permissions }] }
}

/** Why nobody gets in. */
export async function tenantSuspended(database: Database, tenantId: string): Promise<FreeholdError> {
  const tenant = await database.withTenant(tenantId, (tx) =>
    tx.selectFrom('tenants').select('deletion').where('id', '=', tenantId).executeTakeFirst(),
  )
  const why = tenant?.deletion
    ? 'The tenant is being deleted. There is no way back from that.'
    : 'The tenant is suspended. The operator of this installation can lift that.'
  return new FreeholdError('tenant_suspended', why)
}
