import { type Budget, type CreateBudget, FreeholdError, type Page, type UpdateBudget } from '@freehold/contracts'
import { type Selectable, sql, type Updateable } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { assertAgent } from '../agents/assert-agent.ts'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { isCheckViolation, isUniqueViolation } from '../db/errors.ts'
import type { Budgets } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { presentBudgets, termsOf } from './present-budget.ts'

type BudgetRow = Selectable<Budgets>

/** Limits the model calls that begin from now on. What was used before it counts for nothing. */
export async function createBudget(caller: Caller, input: CreateBudget): Promise<Budget> {
  authorize(caller, 'budgets:write')
  return write(caller, input.name, async (tx) => {
    const { kind, id } = input.scope
    if (kind === 'agent' && id !== null) await assertAgent(tx, id)
    const row = await tx
      .insertInto('budgets')
      .values({
        tenant_id: caller.tenantId,
        id: uuidv7(),
        name: input.name,
        scope_kind: input.scope.kind,
        scope_id: input.scope.id,
        period: input.period,
        limit_nanos: input.limitNanos,
        token_limit: input.tokenLimit,
        request_limit: input.requestLimit,
        soft_percent: input.softPercent,
        created_by: actorName(caller),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    await recordChange(tx, caller, { action: 'budget.created', subjectId: row.id, after: termsOf(row) })
    return row
  })
}

export async function listBudgets(caller: Caller, query: PageQuery): Promise<Page<Budget>> {
  authorize(caller, 'budgets:read')
  const before = decodeCursor(query.cursor, cursorKeys.id)
  return caller.platform.database.withTenant(caller, async (tx) => {
    const rows = await tx
      .selectFrom('budgets')
      .selectAll()
      .where('status', '=', 'active')
      .$if(before !== undefined, (q) => q.where('id', '<', before ?? ''))
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute()
    const budgets = await presentBudgets(tx, caller.tenantId, rows)
    return toPage(
      budgets,
      query.limit,
      (budget) => budget,
      ({ id }) => id,
    )
  })
}

export async function getBudget(caller: Caller, id: string): Promise<Budget> {
  authorize(caller, 'budgets:read')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const row = await tx
      .selectFrom('budgets')
      .selectAll()
      .where('id', '=', id)
      .where('status', '=', 'active')
      .executeTakeFirst()
    return present(tx, caller, row)
  })
}

/** Changes the name or the limits. Scope and period stay, as what was used is counted by them. */
export async function updateBudget(caller: Caller, id: string, input: UpdateBudget): Promise<Budget> {
  authorize(caller, 'budgets:write')
  const { name, limitNanos, tokenLimit, requestLimit, softPercent } = input
  const change: Updateable<Budgets> = {
    ...(name !== undefined && { name }),
    ...(limitNanos !== undefined && { limit_nanos: limitNanos }),
    ...(tokenLimit !== undefined && { token_limit: tokenLimit }),
    ...(requestLimit !== undefined && { request_limit: requestLimit }),
    ...(softPercent !== undefined && { soft_percent: softPercent }),
  }
  return write(caller, name, async (tx) => {
    const [before, row] = await updateActive(tx, id, change)
    const changed = { before: termsOf(before), after: termsOf(row) }
    await recordChange(tx, caller, { action: 'budget.updated', subjectId: id, ...changed })
    return row
  })
}

/** Deletes a budget: it limits no further call. What was spent under it stays on record. */
export async function deleteBudget(caller: Caller, id: string): Promise<Budget> {
  authorize(caller, 'budgets:write')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const [before, row] = await updateActive(tx, id, { status: 'deleted' })
    await recordChange(tx, caller, { action: 'budget.deleted', subjectId: id, before: termsOf(before) })
    return present(tx, caller, row)
  })
}

async function write(
  caller: TenantCaller,
  name: string | undefined,
  work: (tx: Tx) => Promise<BudgetRow>,
): Promise<Budget> {
  try {
    return await caller.platform.database.withTenant(caller, async (tx) => present(tx, caller, await work(tx)))
  } catch (error) {
    if (isUniqueViolation(error)) {
      throw new FreeholdError('conflict', `There is a budget named "${name}" already.`, { cause: error })
    }
    if (isCheckViolation(error)) {
      const message = 'A budget keeps at least one limit. To lift the last one, delete the budget.'
      throw new FreeholdError('invalid_request', message, { cause: error })
    }
    throw error
  }
}

/** The budget before and after. */
async function updateActive(tx: Tx, id: string, change: Updateable<Budgets>): Promise<[BudgetRow, BudgetRow]> {
  const active = tx.selectFrom('budgets').selectAll().where('id', '=', id).where('status', '=', 'active')
  const before = found(await active.forNoKeyUpdate().executeTakeFirst())
  const after = await tx
    .updateTable('budgets')
    .set({ ...change, updated_at: sql`now()` })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return [before, after]
}

async function present(tx: Tx, { tenantId }: TenantCaller, row: BudgetRow | undefined): Promise<Budget> {
  const [budget] = await presentBudgets(tx, tenantId, [found(row)])
  return found(budget)
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw new FreeholdError('not_found', 'There is no budget with this id.')
  return row
}
