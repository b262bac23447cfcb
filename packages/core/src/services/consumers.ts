import {
  type Contract,
  type ContractUse,
  FreeholdError,
  type Page,
  type PutConsumer,
  type ServiceConsumer,
} from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import type { ServiceConsumers } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'
import { createEffort, type Effort } from './effort.ts'
import { findOperation, findUnknownFields } from './openapi-breaks.ts'
import { contractOf, findService } from './present-service.ts'

/** Which registration: of a consumer, with a service. */
interface Registration {
  name: string
  consumer: string
}

/** Registers what a consumer relies on, which has to be in the contract. A team changes its own registrations only. */
export async function putServiceConsumer(
  caller: Caller,
  { name, consumer }: Registration,
  { uses }: PutConsumer,
): Promise<ServiceConsumer> {
  authorize(caller, 'services:write')
  const { tenantId, teams } = caller
  const teamId = teams?.length === 1 ? (teams[0] ?? null) : null
  return caller.platform.database.withTenant(caller, async (tx) => {
    assertInContract(contractOf(await findService(tx, name)), uses)
    const before = await findConsumer(tx, { name, consumer })
    const values = { uses: encodeJson(uses) }
    const row = await tx
      .insertInto('service_consumers')
      .values({
        ...values,
        tenant_id: tenantId,
        service: name,
        consumer,
        team_id: teamId,
        created_by: actorName(caller),
      })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'service', 'consumer']).doUpdateSet({ ...values, updated_at: sql<Date>`now()` }),
      )
      .returningAll()
      .executeTakeFirstOrThrow()
    const after = toConsumer(row)
    const change = { before: before && toConsumer(before), after }
    await recordChange(tx, caller, { action: 'service.consumer-set', subjectId: `${name}/${consumer}`, ...change })
    return after
  })
}

export async function listServiceConsumers(
  caller: Caller,
  name: string,
  query: PageQuery,
): Promise<Page<ServiceConsumer>> {
  authorize(caller, 'services:read')
  const after = decodeCursor(query.cursor, cursorKeys.name)
  const rows = await caller.platform.database.withTenant(caller, async (tx) => {
    await findService(tx, name)
    return tx
      .selectFrom('service_consumers')
      .selectAll()
      .where('service', '=', name)
      .$if(after !== undefined, (q) => q.where('consumer', '>', after ?? ''))
      .orderBy('consumer')
      .limit(query.limit + 1)
      .execute()
  })
  return toPage(rows, query.limit, toConsumer, ({ consumer }) => consumer)
}

export async function deleteServiceConsumer(caller: Caller, registration: Registration): Promise<ServiceConsumer> {
  authorize(caller, 'services:write')
  const { name, consumer } = registration
  return caller.platform.database.withTenant(caller, async (tx) => {
    await findService(tx, name)
    const row = await tx
      .deleteFrom('service_consumers')
      .where('service', '=', name)
      .where('consumer', '=', consumer)
      .returningAll()
      .executeTakeFirst()
    if (!row) throw new FreeholdError('not_found', `"${name}" has no consumer "${consumer}" that you registered.`)
    const before = toConsumer(row)
    await recordChange(tx, caller, { action: 'service.consumer-removed', subjectId: `${name}/${consumer}`, before })
    return before
  })
}

function findConsumer(tx: Tx, { name, consumer }: Registration) {
  return tx
    .selectFrom('service_consumers')
    .selectAll()
    .where('service', '=', name)
    .where('consumer', '=', consumer)
    .executeTakeFirst()
}

function assertInContract(contract: Contract | null, uses: readonly ContractUse[]): void {
  if (contract === null) {
    throw new FreeholdError('conflict', 'This service has no contract that one could rely on. Its owner can add one.')
  }
  const effort = createEffort()
  const fields = uses.flatMap((use, index) => {
    const message = findMisuse(contract, use, effort)
    return message === undefined ? [] : [{ field: `body.uses.${index}`, message }]
  })
  if (fields.length === 0) return
  const [first] = fields
  throw new FreeholdError('invalid_request', `${first?.field}: ${first?.message}`, { fields })
}

function findMisuse(contract: Contract, use: ContractUse, effort: Effort): string | undefined {
  if ('skill' in use) {
    const known = contract.kind === 'agent_card' && contract.document.skills.some(({ id }) => id === use.skill)
    return known ? undefined : `the contract has no skill "${use.skill}"`
  }
  if (contract.kind !== 'openapi' || !findOperation(contract.document, use)) {
    return `the contract has no operation ${use.method} ${use.path}`
  }
  const [unknown] = findUnknownFields(contract.document, use, effort)
  return unknown === undefined ? undefined : `no answer of ${use.method} ${use.path} has a field "${unknown}"`
}

function toConsumer(row: Selectable<ServiceConsumers>): ServiceConsumer {
  return {
    service: row.service,
    consumer: row.consumer,
    // Written by `putServiceConsumer`, from what its schema let through.
    uses: row.uses as ContractUse[],
    teamId: row.team_id,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}
