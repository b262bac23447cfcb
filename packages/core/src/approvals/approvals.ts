import { isDeepStrictEqual } from 'node:util'
import {
  type Approval,
  type ApprovalSummary,
  budgetRaiseSchema,
  type DecideApproval,
  FreeholdError,
  findSchemaProblem,
  type Page,
} from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { ownedElsewhere } from '../db/errors.ts'
import { encodeJson } from '../db/json.ts'
import type { Approvals } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { rolesOf } from '../identity/roles.ts'
import { invalidField } from '../invalid-field.ts'
import { hashArguments, storable } from './arguments-hash.ts'

export interface ListApprovalsQuery extends PageQuery {
  status?: ApprovalSummary['status'] | undefined
  runId?: string | undefined
}

export async function listApprovals(caller: Caller, query: ListApprovalsQuery): Promise<Page<ApprovalSummary>> {
  authorize(caller, 'approvals:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  const { status, runId } = query
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('approvals')
      .selectAll()
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .$if(status !== undefined, (q) => q.where('status', '=', status ?? ''))
      .$if(runId !== undefined, (q) => q.where('run_id', '=', runId ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toSummary, ({ id }) => id)
}

export async function getApproval(caller: Caller, id: string): Promise<Approval> {
  authorize(caller, 'approvals:read')
  return caller.platform.database.withTenant(caller, (tx) => readApproval(tx, id))
}

/**
 * Decides as the caller on the arguments whose hash is named, or approves others in their place. The last approval that
 * was missing, or the first rejection, wakes the run.
 */
export async function decideApproval(caller: Caller, id: string, input: DecideApproval): Promise<Approval> {
  authorize(caller, 'approvals:decide')
  if (input.decision === 'reject' && input.arguments !== undefined) {
    throw invalidField('body.arguments', 'only an approval can change them')
  }
  const edited = input.arguments === undefined ? undefined : storable(input.arguments)
  const editedHash = edited === undefined ? input.argumentsHash : hashArguments(edited)
  const isEdit = editedHash !== input.argumentsHash
  const approval = await caller.platform.database.withTenant(caller, async (tx) => {
    const asked = await readApproval(tx, id)
    if (input.decision === 'approve') {
      await authorizeRaise(tx, caller, asked, edited)
      if (isEdit) assertFits(caller, asked, edited)
    }
    const { rows } = await sql<{ outcome: string }>`
      select decide_approval(${caller.tenantId}, ${id}, ${actorName(caller)}, ${[...caller.roles]}::text[],
        ${input.decision}, ${input.argumentsHash}, ${isEdit ? encodeJson(edited) : null}::jsonb,
        ${isEdit ? editedHash : null}, ${input.comment || null}) as outcome`.execute(tx)
    const outcome = rows[0]?.outcome ?? 'not_found'
    if (outcome !== 'ok') throw refusal(outcome)
    const decided = await readApproval(tx, id)
    await recordDecision(tx, caller, input, asked, decided)
    return decided
  })
  caller.platform.bus.publish({ kind: 'run', runId: approval.runId })
  if (approval.status !== 'pending') caller.platform.bus.publish({ kind: 'work' })
  return approval
}

/** With the hashes of the arguments only: those may hold what an auditor need not see. */
function recordDecision(
  tx: Tx,
  caller: TenantCaller,
  { decision, comment }: DecideApproval,
  asked: Approval,
  decided: Approval,
): Promise<void> {
  const { runId, tool, reason } = decided
  const before = { status: asked.status, argumentsHash: asked.argumentsHash }
  const after = { status: decided.status, argumentsHash: decided.argumentsHash, decision, comment, runId, tool, reason }
  return recordChange(tx, caller, { action: 'approval.decided', subjectId: decided.id, before, after })
}

/** Raising a budget takes the right to change it, and leaves nothing else of the request to an approver's pen. */
async function authorizeRaise(tx: Tx, caller: Caller, asked: Approval, edited: unknown): Promise<void> {
  if (asked.kind !== 'budget') return
  authorize(caller, 'budgets:write')
  const { raiseBy: _, ...fixed } = budgetRaiseSchema.parse(asked.originalArguments)
  if (caller.teams) await assertOwnBudget(tx, fixed.budgetId)
  const raise = budgetRaiseSchema.safeParse(edited === undefined ? asked.arguments : edited)
  if (raise.success && isDeepStrictEqual({ ...raise.data, raiseBy: 0 }, { ...fixed, raiseBy: 0 })) return
  throw invalidField('body.arguments', 'only `raiseBy` can change, to a whole number above 0')
}

/** The lock takes what a change of the budget would. */
async function assertOwnBudget(tx: Tx, id: string): Promise<void> {
  const own = await tx.selectFrom('budgets').select('id').where('id', '=', id).forKeyShare().executeTakeFirst()
  if (!own) throw ownedElsewhere()
}

/** A tool refuses what its schema doesn't allow, and by then the approval would be used. */
function assertFits({ platform }: Caller, { kind, tool }: Approval, edited: unknown): void {
  const schema = kind === 'tool' ? platform.catalogue.tools.find(({ name }) => name === tool)?.inputSchema : undefined
  const problem = schema && findSchemaProblem(schema, edited, 'body.arguments')
  if (problem) throw problem
}

function refusal(outcome: string): FreeholdError {
  switch (outcome) {
    case 'not_found':
      return approvalNotFound()
    case 'not_approver':
      return new FreeholdError(
        'permission_denied',
        'The policy names who may decide this, and you are not among them. `approvers` of the approval says who is.',
      )
    case 'self':
      return new FreeholdError(
        'permission_denied',
        'You started this run, or a key of yours did, and the policy asks for somebody else.',
      )
    case 'other_arguments':
      return new FreeholdError(
        'conflict',
        'The hash is not that of the arguments, or no longer, as somebody edited them. Look again, and decide on their `argumentsHash`.',
      )
    case 'decided_before':
      return new FreeholdError('conflict', 'You have decided on these arguments already.')
    default:
      return new FreeholdError('conflict', `The approval is ${outcome}, so there is nothing left to decide.`)
  }
}

function approvalNotFound(): FreeholdError {
  return new FreeholdError('not_found', 'There is no approval with this id.')
}

async function readApproval(tx: Tx, id: string): Promise<Approval> {
  const row = await tx.selectFrom('approvals').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw approvalNotFound()
  const decisions = await tx
    .selectFrom('approval_decisions')
    .selectAll()
    .where('approval_id', '=', id)
    .orderBy('at')
    .execute()
  return {
    ...toSummary(row),
    decisions: decisions.map((decision) => ({
      actor: decision.actor,
      // Has a check constraint.
      decision: decision.decision as Approval['decisions'][number]['decision'],
      argumentsHash: decision.arguments_hash,
      comment: decision.comment,
      edited: decision.edited_arguments !== null,
      at: decision.at.toISOString(),
    })),
  }
}

function toSummary(row: Selectable<Approvals>): ApprovalSummary {
  return {
    id: row.id,
    runId: row.run_id,
    step: row.step,
    agent: row.agent,
    version: row.version,
    // Columns with a check constraint.
    kind: row.kind as ApprovalSummary['kind'],
    onExpiry: row.on_expiry as ApprovalSummary['onExpiry'],
    status: row.status as ApprovalSummary['status'],
    tool: row.tool,
    reason: row.reason,
    arguments: row.edited_hash === null ? row.arguments : row.edited_arguments,
    argumentsHash: row.edited_hash ?? row.arguments_hash,
    originalArguments: row.arguments,
    requestedBy: row.requested_by,
    approvers: {
      actors: row.approver_actors,
      roles: rolesOf(row.approver_roles),
    },
    quorum: row.quorum,
    allowSelf: row.allow_self,
    expiresAt: row.expires_at.toISOString(),
    createdAt: row.created_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
    usedAt: row.used_at?.toISOString() ?? null,
  }
}
