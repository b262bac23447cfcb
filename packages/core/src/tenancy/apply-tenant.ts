import {
  type AppliedTenant,
  FreeholdError,
  fromZodError,
  newTenantNameSchema,
  type TenantDefinition,
} from '@freehold/contracts'
import { sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import type { Tx } from '../db/database.ts'
import { authorizePlatform, type Caller } from '../identity/caller.ts'
import { founderOf, insertTenant } from './create-tenant.ts'
import { setUpTenant } from './set-up-tenant.ts'

/**
 * Makes a tenant what is defined of it, all or nothing, and tells what that changed; applied again, it changes nothing. A
 * dry run does the same and takes it back, so that what it tells, and refuses, is what would happen.
 */
export async function applyTenant(
  caller: Caller,
  input: TenantDefinition,
  options: { dryRun: boolean; ownHosts: readonly string[] },
): Promise<AppliedTenant> {
  authorizePlatform(caller, 'platform:tenants:write')
  const { database } = caller.platform
  const findText = 'select id from door_find_tenants($1)'
  const find = () => database.call<{ id: string }>('find-tenant', findText, [[input.name]])
  const { dryRun, ownHosts } = options
  const [found] = await find()
  const id = found?.id ?? uuidv7()
  try {
    return await database.asOne(id, async (tx) => {
      // Of two at once the second finds what the first has made.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`freehold.apply:${id}`}, 0))`.execute(tx)
      if (found) await assertStays(tx)
      const apiKey = found ? null : await insertTenant(caller, readNewName(input.name), id)
      const { changes, ...issued } = await setUpTenant(founderOf(caller, id), input, ownHosts)
      if (!found) {
        changes.unshift({ action: 'create', kind: 'tenant', name: input.name, before: null, after: input.name })
      }
      const applied = { id, name: input.name, changes, apiKey, ...issued }
      if (dryRun) throw new TakenBack({ ...applied, id: found?.id ?? null, apiKey: null, invitations: [], host: null })
      return applied
    })
  } catch (error) {
    if (error instanceof TakenBack) return error.applied
    // Another one that came at the same time has made it: the rest is for this one to see.
    if (!found && (await find()).length > 0) return applyTenant(caller, input, options)
    throw error
  }
}

/** One that is there keeps its name, however it is written. */
function readNewName(name: string): string {
  const parsed = newTenantNameSchema.safeParse(name)
  if (!parsed.success) throw fromZodError(parsed.error, 'body.name')
  return parsed.data
}

async function assertStays(tx: Tx): Promise<void> {
  const row = await tx.selectFrom('tenants').select('deletion').executeTakeFirst()
  if (row?.deletion) throw new FreeholdError('conflict', 'This tenant is being deleted. Apply again once it is gone.')
}

/** Undoes the transaction of a dry run. */
class TakenBack extends Error {
  readonly applied: AppliedTenant

  constructor(applied: AppliedTenant) {
    super('this was a dry run')
    this.applied = applied
  }
}
