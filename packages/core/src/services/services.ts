import {
  type Contract,
  FreeholdError,
  fromZodError,
  isReservedServiceName,
  type Page,
  type PutService,
  type Service,
  type ServiceSummary,
  serviceNameSchema,
  type Upstream,
} from '@freehold/contracts'
import { sql } from 'kysely'
import { hashArguments } from '../approvals/arguments-hash.ts'
import { assertReachable } from '../assert-reachable.ts'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { assertUnbroken } from './contract-breaks.ts'
import {
  contractOf,
  findService,
  type ServiceRow,
  selectServices,
  selectSummaries,
  serviceNotFound,
  toService,
  toSummary,
} from './present-service.ts'

/**
 * Registers a service or replaces it. A contract that breaks a registered consumer is refused with a report, unless it is
 * forced.
 */
export async function putService(caller: Caller, name: string, input: PutService): Promise<Service> {
  authorize(caller, 'services:write')
  assertName(name)
  if (input.force && !caller.permissions.has('services:force')) {
    throw new FreeholdError('permission_denied', 'To force a contract needs the permission "services:force".')
  }
  for (const [environment, upstream] of Object.entries(input.environments)) {
    if (upstream.kind !== 'agent') await assertReachable(caller, `body.environments.${environment}.url`, upstream.url)
  }
  return caller.platform.database.withTenant(caller, async (tx) => {
    for (const [environment, upstream] of Object.entries(input.environments)) {
      await assertUpstream(tx, environment, upstream)
    }
    const before = await lockService(tx, caller.tenantId, name)
    if (before && !input.force) await assertUnbroken(tx, name, contractOf(before), input.contract)
    await tx
      .insertInto('services')
      .values({ tenant_id: caller.tenantId, name, created_by: actorName(caller), ...columnsOf(input) })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'name']).doUpdateSet({ ...columnsOf(input), updated_at: sql<Date>`now()` }),
      )
      .execute()
    const after = await selectServices(tx).where('s.name', '=', name).executeTakeFirstOrThrow()
    const change = { before: before && describe(before), after: { ...describe(after), forced: input.force } }
    await recordChange(tx, caller, { action: 'service.set', subjectId: name, ...change })
    return toService(after)
  })
}

export async function getService(caller: Caller, name: string): Promise<Service> {
  authorize(caller, 'services:read')
  const row = await caller.platform.database.withTenant(caller, (tx) => findService(tx, name))
  return toService(row)
}

export async function listServices(caller: Caller, query: PageQuery): Promise<Page<ServiceSummary>> {
  authorize(caller, 'services:read')
  const after = decodeCursor(query.cursor, cursorKeys.name)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    selectSummaries(tx)
      .$if(after !== undefined, (q) => q.where('s.name', '>', after ?? ''))
      .orderBy('s.name')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toSummary, ({ name }) => name)
}

export async function deleteService(caller: Caller, name: string): Promise<Service> {
  authorize(caller, 'services:write')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const row = await lockService(tx, caller.tenantId, name)
    if (!row) throw serviceNotFound(name)
    const consumers = await tx.selectFrom('service_consumers').select('consumer').where('service', '=', name).execute()
    if (consumers.length > 0) {
      const names = consumers.map(({ consumer }) => `"${consumer}"`).join(', ')
      throw new FreeholdError('conflict', `"${name}" has consumers: ${names}. Remove them first.`)
    }
    const { numDeletedRows } = await tx.deleteFrom('services').where('name', '=', name).executeTakeFirst()
    if (numDeletedRows === 0n) throw serviceNotFound(name)
    await recordChange(tx, caller, { action: 'service.deleted', subjectId: name, before: describe(row) })
    return toService(row)
  })
}

/** As it is until the transaction ends, so that no two contracts are compared with the same one before. */
async function lockService(tx: Tx, tenantId: string, name: string): Promise<ServiceRow | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`freehold.service:${tenantId}:${name}`}, 0))`.execute(tx)
  return selectServices(tx).where('s.name', '=', name).executeTakeFirst()
}

function assertName(name: string): void {
  const parsed = serviceNameSchema.safeParse(name)
  if (!parsed.success) throw fromZodError(parsed.error, 'name')
  if (!isReservedServiceName(name)) return
  throw new FreeholdError('invalid_request', `name: "${name}" is a path of the platform's own; use another name`)
}

/** What an upstream names has to be there, where whoever registers it can see it. */
async function assertUpstream(tx: Tx, environment: string, upstream: Upstream): Promise<void> {
  const refuse = (message: string) => invalidField(`body.environments.${environment}`, message)
  if (upstream.kind === 'agent') {
    const found = await tx
      .selectFrom('agent_templates')
      .select('id')
      .where('name', '=', upstream.agent)
      .limit(1)
      .executeTakeFirst()
    if (!found || upstream.agent.startsWith('system:')) throw refuse(`there is no agent named "${upstream.agent}"`)
    return
  }
  if (upstream.connection === null) return
  const connection = await tx
    .selectFrom('connections')
    .select('origin')
    .where('name', '=', upstream.connection)
    .where('kind', '=', 'http')
    .executeTakeFirst()
  if (!connection) throw refuse(`there is no connection "${upstream.connection}" for HTTP`)
  if (connection.origin !== new URL(upstream.url).origin) {
    throw refuse(`the connection "${upstream.connection}" is for ${connection.origin} only`)
  }
}

function columnsOf({ description, contract, environments, timeoutMs, limits }: PutService) {
  return {
    description,
    contract_kind: contract?.kind ?? null,
    contract: contract && encodeJson(contract.document),
    environments: encodeJson(environments),
    timeout_ms: timeoutMs,
    requests_per_second: limits.requestsPerSecond,
  }
}

/** For the audit trail, which would cut a long contract short. */
function describe(row: ServiceRow): object {
  const { createdAt: _, updatedAt: __, ...summary } = toSummary(row)
  return { ...summary, contract: describeContract(contractOf(row)) }
}

function describeContract(contract: Contract | null): object | null {
  return contract && { kind: contract.kind, sha256: hashArguments(contract.document) }
}
