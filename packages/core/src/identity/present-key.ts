import { type ApiKey, tenantPermissions } from '@freehold/contracts'
import type { Selectable } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { ApiKeys } from '../db/schema.gen.ts'
import { type ActorNames, readActorNames } from '../people/actor-names.ts'
import type { Caller } from './caller.ts'
import { rolesOf } from './roles.ts'

export type KeyRow = Selectable<ApiKeys>

/** What the makers of these keys are called, as far as the caller may see it. */
export function readMakerNames(tx: Tx, caller: Caller, rows: readonly Pick<KeyRow, 'made_by'>[]): Promise<ActorNames> {
  const makers = rows.flatMap(({ made_by }) => (made_by === null ? [] : [`person:${made_by}`]))
  return readActorNames(tx, caller, makers)
}

export function toApiKey(row: KeyRow, makerNames: ActorNames): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: tenantPermissions.filter((permission) => row.scopes.includes(permission)),
    roles: rolesOf(row.roles),
    // Has a check constraint.
    environment: row.environment as ApiKey['environment'],
    serviceAccountId: row.member_id,
    madeBy: row.made_by === null ? null : { id: row.made_by, name: nameOf(row.made_by, makerNames) },
    requestsPerSecond: row.requests_per_second,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}

function nameOf(maker: string, names: ActorNames): string | null {
  return names.get(`person:${maker}`) ?? names.get(`service_account:${maker}`) ?? null
}
