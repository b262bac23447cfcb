import {
  type CanaryRules,
  canaryRulesSchema,
  type DecideRelease,
  type Environment,
  FreeholdError,
  type Page,
  type ReleaseRequest,
  tenantRoles,
} from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import type { ReleaseDecisions, ReleaseRequests } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { isAmong } from '../identity/key-makers.ts'
import { changeRelease, lockRelease, planChange, type ReleaseRow } from './change-release.ts'

type RequestRow = Selectable<ReleaseRequests>

interface Wanted {
  agent: string
  environment: Environment
  version: number
  canary?: CanaryRules | undefined
  comment?: string | undefined
}

/** Asks for approval. One request at a time for an environment; `before` is its locked row. */
export async function requestRelease(
  tx: Tx,
  caller: TenantCaller,
  wanted: Wanted,
  before: ReleaseRow | undefined,
  needed: { required: number; role: string | null },
): Promise<ReleaseRequest> {
  const { agent, environment, version, canary, comment } = wanted
  const pending = await tx
    .selectFrom('release_requests')
    .select('id')
    .where('agent', '=', agent)
    .where('environment', '=', environment)
    .where('status', '=', 'pending')
    .executeTakeFirst()
  if (pending) {
    throw new FreeholdError(
      'conflict',
      `The release request ${pending.id} waits for approval there. Decide it first; whoever asked can reject it, too, with the permission "releases:decide".`,
    )
  }
  const row = await tx
    .insertInto('release_requests')
    .values({
      tenant_id: caller.tenantId,
      id: uuidv7(),
      agent,
      environment,
      version,
      replaces_version: before?.version ?? null,
      after_number: await lastNumber(tx, wanted),
      canary: canary ? encodeJson(canary) : null,
      comment: comment ?? null,
      requested_by: actorName(caller),
      required: needed.required,
      approver_role: needed.role,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toRequest(row, [])
}

export async function listReleaseRequests(
  caller: Caller,
  query: PageQuery & { status?: ReleaseRequest['status'] | undefined },
): Promise<Page<ReleaseRequest>> {
  authorize(caller, 'agents:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  const { status } = query
  return caller.platform.database.withTenant(caller, async (tx) => {
    const rows = await tx
      .selectFrom('release_requests')
      .selectAll()
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .$if(status !== undefined, (q) => q.where('status', '=', status ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute()
    const ids = rows.map(({ id }) => id)
    const decisions = await readDecisions(tx, ids)
    return toPage(
      rows,
      query.limit,
      (row) => toRequest(row, decisions),
      ({ id }) => id,
    )
  })
}

export async function getReleaseRequest(caller: Caller, id: string): Promise<ReleaseRequest> {
  authorize(caller, 'agents:read')
  return caller.platform.database.withTenant(caller, (tx) => readRequest(tx, id))
}

/**
 * Approves or rejects a request. The last approval that was missing releases it in the same transaction, once; when
 * something else was released meanwhile it is superseded instead.
 */
export async function decideReleaseRequest(caller: Caller, id: string, input: DecideRelease): Promise<ReleaseRequest> {
  authorize(caller, 'releases:decide')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const { agent, environment } = await readRequest(tx, id)
    // In this order, as whoever changes a release ends what waits for it.
    const release = await lockRelease(tx, agent, environment)
    const row = await lockRequest(tx, id)
    await assertMayDecide(tx, caller, row, input.decision)
    await addDecision(tx, caller, id, input)
    if (input.decision === 'reject') await setStatus(tx, id, 'rejected')
    const approvedBy = (await readDecisions(tx, [id])).map(({ actor }) => actor)
    if (input.decision === 'approve' && approvedBy.length >= row.required) {
      await releaseRequested(tx, row, release, approvedBy)
    }
    const decided = await readRequest(tx, id)
    const { version, canary, status } = decided
    const before = { request: id, status: row.status }
    const after = { request: id, version, canary, ...input, status }
    const subjectId = `${agent}/${environment}`
    await recordChange(tx, caller, { action: 'release.decided', subjectId, before, after })
    return decided
  })
}

/** A key is the person behind it, so nobody approves what they asked for, or twice, by a key of theirs. */
async function assertMayDecide(
  tx: Tx,
  caller: TenantCaller,
  row: RequestRow,
  decision: DecideRelease['decision'],
): Promise<void> {
  if (row.status !== 'pending') {
    throw new FreeholdError('conflict', `The request is ${row.status}, so there is nothing left to decide.`)
  }
  const isOwn = await isAmong(tx, caller, [row.requested_by])
  if (isOwn && decision === 'approve') {
    throw new FreeholdError('permission_denied', 'You asked for this release, so somebody else has to approve it.')
  }
  // The tenant asks for a role in the tenant; who acts for a team has theirs there.
  const roles = caller.teams ? [] : caller.roles
  if (!isOwn && row.approver_role !== null && !roles.some((role) => role === row.approver_role)) {
    throw new FreeholdError('permission_denied', `Only who has the role "${row.approver_role}" may decide this.`)
  }
  const approvedBy = (await readDecisions(tx, [row.id])).map(({ actor }) => actor)
  if (await isAmong(tx, caller, approvedBy)) throw new FreeholdError('conflict', 'You have approved this already.')
}

async function addDecision(tx: Tx, caller: TenantCaller, id: string, input: DecideRelease): Promise<void> {
  const { decision, comment } = input
  const values = {
    tenant_id: caller.tenantId,
    request_id: id,
    actor: actorName(caller),
    decision,
    comment: comment ?? null,
  }
  await tx.insertInto('release_decisions').values(values).execute()
}

function lockRequest(tx: Tx, id: string): Promise<RequestRow> {
  return tx.selectFrom('release_requests').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirstOrThrow()
}

/** `before` is what serves, locked. */
async function releaseRequested(
  tx: Tx,
  row: RequestRow,
  before: ReleaseRow | undefined,
  approvedBy: string[],
): Promise<void> {
  // Has a check constraint.
  const at = { tenantId: row.tenant_id, agent: row.agent, environment: row.environment as Environment }
  // Of before a change of a release ended what waits for it.
  if ((await lastNumber(tx, at)) !== row.after_number) return setStatus(tx, row.id, 'superseded')
  const canary = row.canary === null ? undefined : canaryRulesSchema.parse(row.canary)
  await setStatus(tx, row.id, 'approved')
  await changeRelease(tx, at, before, {
    ...planChange(before, { version: row.version, canary }, 'promotion'),
    by: row.requested_by,
    comment: row.comment ?? undefined,
    approvedBy,
  })
}

/** Of the history. Whoever holds the release keeps it from growing. */
async function lastNumber(tx: Tx, { agent, environment }: Pick<Wanted, 'agent' | 'environment'>): Promise<number> {
  const { last } = await tx
    .selectFrom('release_history')
    .select((eb) => eb.fn.max('number').as('last'))
    .where('agent', '=', agent)
    .where('environment', '=', environment)
    .executeTakeFirstOrThrow()
  return last ?? 0
}

async function setStatus(tx: Tx, id: string, status: ReleaseRequest['status']): Promise<void> {
  await tx.updateTable('release_requests').set({ status, decided_at: sql<Date>`now()` }).where('id', '=', id).execute()
}

function requestNotFound(): FreeholdError {
  return new FreeholdError('not_found', 'There is no release request with this id.')
}

function readDecisions(tx: Tx, requestIds: string[]): Promise<Selectable<ReleaseDecisions>[]> {
  if (requestIds.length === 0) return Promise.resolve([])
  return tx.selectFrom('release_decisions').selectAll().where('request_id', 'in', requestIds).orderBy('at').execute()
}

async function readRequest(tx: Tx, id: string): Promise<ReleaseRequest> {
  const row = await tx.selectFrom('release_requests').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw requestNotFound()
  return toRequest(row, await readDecisions(tx, [id]))
}

function toRequest(row: RequestRow, decisions: Selectable<ReleaseDecisions>[]): ReleaseRequest {
  return {
    id: row.id,
    agent: row.agent,
    // Columns with a check constraint, and what was parsed before it was stored.
    environment: row.environment as Environment,
    status: row.status as ReleaseRequest['status'],
    version: row.version,
    replacesVersion: row.replaces_version,
    canary: row.canary === null ? null : canaryRulesSchema.parse(row.canary),
    comment: row.comment,
    requestedBy: row.requested_by,
    required: row.required,
    role: tenantRoles.find((role) => role === row.approver_role) ?? null,
    decisions: decisions
      .filter(({ request_id }) => request_id === row.id)
      .map(({ actor, decision, comment, at }) => ({
        actor,
        decision: decision === 'approve' ? 'approve' : 'reject',
        comment,
        at: at.toISOString(),
      })),
    createdAt: row.created_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
  }
}
