import { randomBytes } from 'node:crypto'
import { type Branding, type ClaimHost, type CustomHost, FreeholdError } from '@freehold/contracts'
import { sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import type { Database, Tx } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { markFound, verifier } from './check-hosts.ts'
import { describeHost, type HostRow, readBranding, recordValue, toCustomHost } from './present-branding.ts'
import type { ResolveTxt } from './resolve-txt.ts'

/** How long somebody has to put the record into DNS. */
const claimLifetime = sql<Date>`now() + interval '7 days'`

/**
 * Claims a host for the caller's tenant, and gives up the one before it. A claim keeps nobody else from claiming the
 * same, nor tells that somebody has: whoever owns the host decides, by whose token they put into DNS.
 */
export async function claimHost(caller: Caller, { host }: ClaimHost, ownHosts: readonly string[]): Promise<CustomHost> {
  authorize(caller, 'tenant:write')
  if (ownHosts.some((own) => host === own || host.endsWith(`.${own}`))) {
    throw invalidField('body.host', 'is the host of this installation. Use one of your own.')
  }
  const { tenantId } = caller
  return caller.platform.database.withTenant(caller, async (tx) => {
    const before = await selectHost(tx).forUpdate().executeTakeFirst()
    if (before?.host === host && before.verified_at) return toCustomHost(before)
    const isOpen = before?.host === host && before.expires_at.getTime() > Date.now()
    const token = isOpen ? before.token : randomBytes(24).toString('base64url')
    const claim = { host, token, expires_at: claimLifetime, verified_at: null, missing_since: null }
    const row = await tx
      .insertInto('custom_hosts')
      .values({ tenant_id: tenantId, ...claim })
      .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(claim))
      .returningAll()
      .executeTakeFirstOrThrow()
    const change = { ...(before && { before: describeHost(before) }), after: describeHost(row) }
    await recordChange(tx, caller, { action: 'branding.host-claimed', subjectId: tenantId, ...change })
    return toCustomHost(row)
  })
}

/** Looks into DNS for the token of the claim, and puts the host to use when it is there. */
export async function verifyHost(caller: Caller, resolveTxt: ResolveTxt): Promise<CustomHost> {
  authorize(caller, 'tenant:write')
  const claim = await caller.platform.database.withTenant(caller, (tx) => selectHost(tx).executeTakeFirst())
  if (!claim) throw new FreeholdError('not_found', 'No host is claimed. Claim one first.')
  const { host, record, status } = toCustomHost(claim)
  if (status === 'expired')
    throw new FreeholdError('conflict', `The claim of ${host} has expired. Claim it again; the record changes.`)
  const found = await resolveTxt(record.name)
  if (!found.includes(record.value)) {
    const message = `There is no TXT record ${record.name} with the value ${record.value} yet. DNS may take a while to show it; verify again then.`
    throw new FreeholdError('conflict', message)
  }
  if (!claim.verified_at) await makeWay(caller, claim, found)
  return putToUse(caller, claim)
}

/** Whose host it is, proven by the DNS; undefined for every other host. For anybody who asks. */
export async function findTenantOfHost(database: Database, host: string): Promise<string | undefined> {
  return (await findHolder(database, host))?.tenant_id
}

async function findHolder(database: Database, host: string) {
  const [holder] = await database.call<{ tenant_id: string; token: string }>(
    'find-host',
    'select * from door_find_host($1)',
    [host],
  )
  return holder
}

/** Takes the host from another tenant, if that no longer proves that it is theirs. */
async function makeWay(caller: TenantCaller, claim: HostRow, found: readonly string[]): Promise<void> {
  const { database } = caller.platform
  const holder = await findHolder(database, claim.host)
  if (!holder) return
  if (found.includes(recordValue(holder.token))) throw takenElsewhere(claim.host)
  await database.withTenant(holder.tenant_id, async (tx) => {
    const lost = await tx
      .deleteFrom('custom_hosts')
      .where('host', '=', claim.host)
      .where('token', '=', holder.token)
      .returningAll()
      .executeTakeFirst()
    if (!lost) return
    const author = { tenantId: holder.tenant_id, actor: verifier, requestId: caller.requestId }
    const change = { subjectId: holder.tenant_id, before: describeHost(lost) }
    await recordChange(tx, author, { action: 'branding.host-released', ...change })
  })
}

async function putToUse(caller: TenantCaller, claim: HostRow): Promise<CustomHost> {
  try {
    return await caller.platform.database.withTenant(caller, async (tx) => {
      const before = await selectHost(tx).where('token', '=', claim.token).forUpdate().executeTakeFirst()
      if (!before) throw new FreeholdError('conflict', 'The host was changed meanwhile. Look at it and verify again.')
      await markFound(tx, before)
      if (before.verified_at) return toCustomHost({ ...before, missing_since: null })
      const row = await tx
        .updateTable('custom_hosts')
        .set({ verified_at: sql<Date>`now()`, next_check_at: sql<Date>`now() + interval '1 hour'` })
        .where('token', '=', claim.token)
        .returningAll()
        .executeTakeFirstOrThrow()
      const change = { before: describeHost(before), after: describeHost(row) }
      await recordChange(tx, caller, { action: 'branding.host-verified', subjectId: caller.tenantId, ...change })
      return toCustomHost(row)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw takenElsewhere(claim.host, error)
    throw error
  }
}

/** Only whoever controls the DNS of the host gets to read it. */
function takenElsewhere(host: string, cause?: unknown): FreeholdError {
  const message = `${host} is in use by another tenant, whose record is in DNS as well. Remove that one and verify again.`
  return new FreeholdError('conflict', message, { cause })
}

export async function releaseHost(caller: Caller): Promise<Branding> {
  authorize(caller, 'tenant:write')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const before = await tx.deleteFrom('custom_hosts').returningAll().executeTakeFirst()
    const branding = await readBranding(tx)
    if (before) {
      const change = { subjectId: caller.tenantId, before: describeHost(before) }
      await recordChange(tx, caller, { action: 'branding.host-released', ...change })
    }
    return branding
  })
}

function selectHost(tx: Tx) {
  return tx.selectFrom('custom_hosts').selectAll()
}
