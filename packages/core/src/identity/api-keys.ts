import {
  type ApiKey,
  type CreatedApiKey,
  type Environment,
  environmentPermissions,
  FreeholdError,
  type Page,
  type TenantPermission,
  type TenantRole,
  tenantPermissions,
} from '@freehold/contracts'
import { uuidv7 } from 'uuidv7'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { invalidField } from '../invalid-field.ts'
import type { ActorNames } from '../people/actor-names.ts'
import { readAccountRoles } from '../people/service-accounts.ts'
import { authorize, type Caller, type TenantCaller } from './caller.ts'
import { assertStillHolds, findMaker } from './key-makers.ts'
import { generateKey, hashKey, keyPrefix } from './keys.ts'
import { readMakerNames, toApiKey } from './present-key.ts'
import { assertCanGive } from './roles.ts'

export interface NewKey {
  name: string
  scopes?: TenantPermission[] | undefined
  roles?: TenantRole[] | undefined
  expiresAt?: string | undefined
  environment?: Environment | undefined
  serviceAccountId?: string | undefined
  requestsPerSecond?: number | undefined
}

/** Creates a key of the caller's tenant. It can't carry a permission that the caller lacks, nor a role that the caller can't give. */
export async function createKey(caller: Caller, input: NewKey): Promise<CreatedApiKey> {
  authorize(caller, 'keys:write')
  const held = tenantPermissions.filter((permission) => caller.permissions.has(permission))
  const scopes = input.scopes ?? held.filter((permission) => fits(permission, input.environment))
  assertCanGive(caller, input.roles ?? [])
  const missing = scopes.filter((scope) => !held.includes(scope))
  if (missing.length > 0) {
    throw new FreeholdError(
      'permission_denied',
      `A key can't grant what its maker doesn't hold: ${missing.join(', ')}.`,
    )
  }
  // Its roles are those of the account, which reach beyond a team.
  if (input.serviceAccountId !== undefined && caller.teams) {
    throw new FreeholdError('permission_denied', 'Only who acts for the whole tenant makes keys of a service account.')
  }
  if (input.serviceAccountId !== undefined && (input.roles ?? []).length > 0) {
    throw invalidField('body.roles', 'a key of a service account has the roles of that')
  }
  return caller.platform.database.withTenant(caller, async (tx) => {
    const maker = await findMaker(tx, caller, input)
    const [team_id = null] = caller.teams ?? []
    if (maker !== null) await assertStillHolds(tx, maker, { scopes, roles: input.roles ?? [], team_id })
    return insertRecordedKey(tx, caller, { ...input, scopes }, maker)
  })
}

/** A key of the caller's tenant, and the entry that tells of it. */
export async function insertRecordedKey(
  tx: Tx,
  caller: TenantCaller,
  input: NewKey,
  maker: string | null,
): Promise<CreatedApiKey> {
  if (input.serviceAccountId !== undefined) assertCanGive(caller, await readAccountRoles(tx, input.serviceAccountId))
  const names = await readMakerNames(tx, caller, [{ made_by: maker }])
  const key = await insertKey(tx, caller.tenantId, input, maker, names)
  const { apiKey: _, ...after } = key
  await recordChange(tx, caller, { action: 'key.created', subjectId: key.id, after })
  return key
}

export async function insertKey(
  tx: Tx,
  tenantId: string,
  input: NewKey,
  maker: string | null = null,
  makerNames: ActorNames = new Map(),
): Promise<CreatedApiKey> {
  if (input.expiresAt && Date.parse(input.expiresAt) <= Date.now()) {
    throw invalidField('body.expiresAt', 'must lie in the future')
  }
  const scopes = input.scopes ?? tenantPermissions.filter((permission) => fits(permission, input.environment))
  const misfits = scopes.filter((permission) => !fits(permission, input.environment))
  if (misfits.length > 0) {
    throw new FreeholdError(
      'invalid_request',
      `body.scopes: a key that is bound to an environment can't have ${misfits.join(', ')}, only ${environmentPermissions.join(', ')}`,
    )
  }
  const apiKey = generateKey('tenant')
  const row = await tx
    .insertInto('api_keys')
    .values({
      tenant_id: tenantId,
      id: uuidv7(),
      name: input.name,
      prefix: keyPrefix(apiKey),
      key_hash: hashKey(apiKey),
      scopes: [...scopes],
      roles: [...new Set(input.roles)],
      expires_at: input.expiresAt ?? null,
      environment: input.environment ?? null,
      member_id: input.serviceAccountId ?? null,
      made_by: maker,
      requests_per_second: input.requestsPerSecond ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return { ...toApiKey(row, makerNames), apiKey }
}

function fits(permission: TenantPermission, environment: Environment | undefined): boolean {
  return environment === undefined || environmentPermissions.includes(permission)
}

export async function listKeys(
  caller: Caller,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<ApiKey>> {
  authorize(caller, 'keys:read')
  const after = decodeCursor(query.cursor, cursorKeys.id)
  return caller.platform.database.withTenant(caller, async (tx) => {
    const rows = await tx
      .selectFrom('api_keys')
      .selectAll()
      .$if(after !== undefined, (q) => q.where('id', '<', after ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute()
    const names = await readMakerNames(tx, caller, rows)
    return toPage(
      rows,
      query.limit,
      (row) => toApiKey(row, names),
      ({ id }) => id,
    )
  })
}

/** Revokes a key; revoking it again changes nothing. */
export async function revokeKey(caller: Caller, id: string): Promise<ApiKey> {
  authorize(caller, 'keys:write')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const before = await tx.selectFrom('api_keys').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
    if (!before) throw new FreeholdError('not_found', 'There is no API key with this id.')
    const row = await tx
      .updateTable('api_keys')
      .set({ revoked_at: before.revoked_at ?? new Date() })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow()
    const names = await readMakerNames(tx, caller, [row])
    const key = toApiKey(row, names)
    await recordChange(tx, caller, {
      action: 'key.revoked',
      subjectId: id,
      before: toApiKey(before, names),
      after: key,
    })
    return key
  })
}
