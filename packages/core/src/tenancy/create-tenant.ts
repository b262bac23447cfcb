import { FreeholdError, type OnboardedTenant, type TenantDefinition, tenantPermissions } from '@freehold/contracts'
import { uuidv7 } from 'uuidv7'
import { recordChange } from '../audit/record-change.ts'
import { isInTransaction } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { insertKey } from '../identity/api-keys.ts'
import { authorizePlatform, type Caller, type TenantCaller } from '../identity/caller.ts'
import { setUpTenant } from './set-up-tenant.ts'
import { readTenant, settingsOf } from './tenants.ts'

/**
 * Creates a tenant with its first key, which is in the answer and nowhere else, and with what is defined of it: all or
 * nothing. `id` is one of `newTenantId`; `ownHosts` are those that no tenant can claim.
 */
export async function createTenant(
  caller: Caller,
  input: TenantDefinition,
  { id = uuidv7(), ownHosts = [] }: { id?: string; ownHosts?: readonly string[] } = {},
): Promise<OnboardedTenant> {
  authorizePlatform(caller, 'platform:tenants:write')
  const { database } = caller.platform
  const create = async () => {
    const apiKey = await insertTenant(caller, input.name, id)
    const { invitations, host } = await setUpTenant(founderOf(caller, id), input, ownHosts)
    return { ...(await readTenant(caller.platform, id)), apiKey, invitations, host }
  }
  return isInTransaction() ? create() : database.asOne(id, create)
}

/** The tenant itself and its first key. Resolves with the key. */
export async function insertTenant(caller: Caller, name: string, id: string): Promise<string> {
  try {
    return await caller.platform.database.withTenant(id, async (tx) => {
      const row = await tx.insertInto('tenants').values({ id, name }).returningAll().executeTakeFirstOrThrow()
      const { apiKey, ...firstKey } = await insertKey(tx, id, { name: 'first key', roles: ['owner'] })
      const after = { ...settingsOf(row), firstKey }
      await recordChange(tx, { ...caller, tenantId: id }, { action: 'tenant.created', subjectId: id, after })
      return apiKey
    })
  } catch (error) {
    if (isUniqueViolation(error, 'tenants_pkey')) {
      const message = 'This Idempotency-Key created a tenant more than 24 hours ago. Send a new key.'
      throw new FreeholdError('idempotency_key_reused', message, { cause: error })
    }
    if (isUniqueViolation(error)) {
      throw new FreeholdError('conflict', `There is a tenant named "${name}" already.`, { cause: error })
    }
    throw error
  }
}

/** Whoever sets up a tenant may do there what its owner may. In the audit trail it is still them. */
export function founderOf(caller: Caller, tenantId: string): TenantCaller {
  const permissions = new Set([...caller.permissions, ...tenantPermissions])
  return { ...caller, tenantId, permissions, roles: ['owner'], teams: null }
}
