import {
  type AuditAction,
  FreeholdError,
  type Page,
  type Plan,
  type PlatformPermission,
  type Tenant,
  tenantRoles,
  type UpdateTenant,
} from '@freehold/contracts'
import { type Selectable, sql, type Updateable } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, toPage } from '../cursor.ts'
import { isCheckViolation, isDataError, isForeignKeyViolation } from '../db/errors.ts'
import type { Tenants } from '../db/schema.gen.ts'
import { insertRecordedKey, type NewKey } from '../identity/api-keys.ts'
import { authorize, authorizePlatform, type Caller, type TenantCaller } from '../identity/caller.ts'
import { findMaker } from '../identity/key-makers.ts'
import type { Platform } from '../platform.ts'
import { readPlans } from './plans.ts'

type TenantRow = Pick<
  Selectable<Tenants>,
  | 'id'
  | 'name'
  | 'status'
  | 'plan'
  | 'allowed_hosts'
  | 'created_at'
  | 'time_zone'
  | 'assumed_input_nanos'
  | 'assumed_output_nanos'
  | 'production_approvals'
  | 'production_approver_role'
>

export async function listTenants(
  caller: Caller,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<Tenant>> {
  authorizePlatform(caller, 'platform:tenants:read')
  const rows = await caller.platform.database.call<TenantRow>(
    'list-tenants',
    'select * from door_list_tenants($1, $2)',
    [decodeCursor(query.cursor, cursorKeys.name) ?? null, query.limit + 1],
  )
  const plans = await readPlans(caller.platform.database)
  return toPage(
    rows,
    query.limit,
    (row) => toTenant(row, plans),
    ({ name }) => name,
  )
}

export async function getTenant(caller: Caller, id: string): Promise<Tenant> {
  authorizeOnTenant(caller, 'platform:tenants:read')
  return readTenant(caller.platform, id)
}

export async function getOwnTenant(caller: Caller): Promise<Tenant> {
  authorize(caller, 'tenant:read')
  return readTenant(caller.platform, caller.tenantId)
}

export async function suspendTenant(caller: Caller, id: string): Promise<Tenant> {
  authorizeOnTenant(caller, 'platform:tenants:write')
  return updateTenant({ ...caller, tenantId: id }, 'tenant.suspended', { status: 'suspended' })
}

export async function resumeTenant(caller: Caller, id: string): Promise<Tenant> {
  authorizeOnTenant(caller, 'platform:tenants:write')
  const tenant = await updateTenant({ ...caller, tenantId: id }, 'tenant.resumed', { status: 'active' }).catch(
    (error) => {
      if (!isCheckViolation(error)) throw error
      throw new FreeholdError('conflict', 'This tenant is being deleted. There is no way back from that.', {
        cause: error,
      })
    },
  )
  caller.platform.bus.publish({ kind: 'work' })
  return tenant
}

/** What the plan allows holds for the next claim, and within a second for the next start of a run. */
export async function setTenantPlan(caller: Caller, id: string, { plan }: { plan: string }): Promise<Tenant> {
  authorizeOnTenant(caller, 'platform:tenants:write')
  try {
    const tenant = await updateTenant({ ...caller, tenantId: id }, 'tenant.plan-set', { plan })
    caller.platform.bus.publish({ kind: 'work' })
    return tenant
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error
    throw new FreeholdError(
      'invalid_request',
      `body.plan: there is no plan "${plan}". Make it first, or choose another one.`,
    )
  }
}

/** Changes what is given of the tenant's settings. */
export async function updateOwnTenant(caller: Caller, input: UpdateTenant): Promise<Tenant> {
  authorize(caller, 'tenant:write')
  const { allowedHosts, timeZone, assumedPrice, productionApprovals } = input
  const change: Updateable<Tenants> = {
    ...(allowedHosts !== undefined && { allowed_hosts: allowedHosts }),
    ...(timeZone !== undefined && { time_zone: timeZone }),
    ...(assumedPrice !== undefined && {
      assumed_input_nanos: assumedPrice?.inputNanosPerToken ?? null,
      assumed_output_nanos: assumedPrice?.outputNanosPerToken ?? null,
    }),
    ...(productionApprovals !== undefined && {
      production_approvals: productionApprovals?.required ?? 0,
      production_approver_role: productionApprovals?.role ?? null,
    }),
  }
  if (timeZone !== undefined) await assertDatabaseKnows(caller, timeZone)
  return updateTenant(caller, 'tenant.updated', change)
}

/** The database computes with time zones, and its list may be older than ours. */
async function assertDatabaseKnows({ platform, tenantId }: TenantCaller, timeZone: string): Promise<void> {
  await platform.database
    .withTenant(tenantId, (tx) => sql`select now() at time zone ${timeZone}`.execute(tx))
    .catch((error) => {
      if (!isDataError(error)) throw error
      const message = `body.timeZone: the database does not know "${timeZone}". Use another name for the same zone.`
      throw new FreeholdError('invalid_request', message, { cause: error })
    })
}

/** A key for a tenant, made by the operator, for when the tenant has lost its own. Its maker need not be a member. */
export async function issueTenantKey(caller: Caller, tenantId: string, input: NewKey) {
  authorizeOnTenant(caller, 'platform:tenants:write')
  await readTenant(caller.platform, tenantId)
  const issuer = { ...caller, tenantId }
  return caller.platform.database.withTenant(issuer, async (tx) =>
    insertRecordedKey(tx, issuer, input, await findMaker(tx, issuer, input)),
  )
}

/** To whoever may not look at tenants, none exists: a refusal would tell that this id names one. */
export function authorizeOnTenant(caller: Caller, permission: PlatformPermission): void {
  if (!caller.permissions.has(permission)) throw tenantNotFound()
}

export function tenantNotFound(): FreeholdError {
  return new FreeholdError('not_found', 'There is no tenant with this id.')
}

export async function readTenant(platform: Platform, id: string): Promise<Tenant> {
  const row = await platform.database.withTenant(id, (tx) =>
    tx.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst(),
  )
  return toTenant(found(row), await readPlans(platform.database))
}

/** Changes the tenant that the caller stands on, and tells so. */
async function updateTenant(caller: TenantCaller, action: AuditAction, change: Updateable<Tenants>): Promise<Tenant> {
  const { platform, tenantId } = caller
  const row = await platform.database.withTenant(tenantId, async (tx) => {
    const select = tx.selectFrom('tenants').selectAll().where('id', '=', tenantId)
    const before = found(await select.forNoKeyUpdate().executeTakeFirst())
    const after = await tx
      .updateTable('tenants')
      .set(change)
      .where('id', '=', tenantId)
      .returningAll()
      .executeTakeFirstOrThrow()
    const changed = { before: settingsOf(before), after: settingsOf(after) }
    await recordChange(tx, caller, { action, subjectId: tenantId, ...changed })
    return after
  })
  return toTenant(row, await readPlans(platform.database))
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw tenantNotFound()
  return row
}

/** A tenant with its plan in full. */
function toTenant(row: TenantRow, plans: readonly Plan[]): Tenant {
  const plan = plans.find(({ name }) => name === row.plan)
  // A foreign key holds it, and no plan is ever deleted.
  if (!plan) throw new Error(`there is no plan ${row.plan}`)
  return { id: row.id, ...settingsOf(row), plan, createdAt: row.created_at.toISOString() }
}

/** What can change of a tenant, with the name of its plan. */
export function settingsOf(row: TenantRow) {
  return {
    name: row.name,
    status: row.status === 'suspended' ? ('suspended' as const) : ('active' as const),
    plan: row.plan,
    allowedHosts: row.allowed_hosts,
    timeZone: row.time_zone,
    assumedPrice:
      row.assumed_input_nanos === null || row.assumed_output_nanos === null
        ? null
        : { inputNanosPerToken: row.assumed_input_nanos, outputNanosPerToken: row.assumed_output_nanos },
    productionApprovals:
      row.production_approvals === 0
        ? null
        : {
            required: row.production_approvals,
            role: tenantRoles.find((role) => role === row.production_approver_role) ?? null,
          },
  }
}
