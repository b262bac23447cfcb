import type { Page, UsageRecord } from '@freehold/contracts'
import { sql } from 'kysely'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import { microsecondsOf, timeAt } from '../db/time.ts'
import { authorize, type Caller } from '../identity/caller.ts'

export interface ListUsageQuery extends PageQuery {
  runId?: string | undefined
}

/** Model calls with their tokens and cost, newest first. */
export async function listUsage(caller: Caller, query: ListUsageQuery): Promise<Page<UsageRecord>> {
  authorize(caller, 'usage:read')
  const [before, id] = decodeCursor(query.cursor, cursorKeys.timeAndId)?.split('|') ?? []
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('usage_records')
      .selectAll()
      .select(microsecondsOf('created_at').as('position'))
      .$if(query.runId !== undefined, (q) => q.where('run_id', '=', query.runId ?? ''))
      .$if(before !== undefined, (q) =>
        q.where(sql<boolean>`(created_at, id) < (${timeAt(before ?? '')}, ${id}::uuid)`),
      )
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(
    rows,
    query.limit,
    (row) => ({
      id: row.id,
      runId: row.run_id,
      step: row.step,
      model: row.model,
      usage: {
        inputTokens: row.input_tokens,
        outputTokens: row.output_tokens,
        cacheReadTokens: row.cache_read_tokens,
        cacheWriteTokens: row.cache_write_tokens,
        reasoningTokens: row.reasoning_tokens,
      },
      costNanos: row.cost_nanos,
      // A column with a check constraint.
      outcome: row.outcome as UsageRecord['outcome'],
      estimated: row.estimated,
      createdAt: row.created_at.toISOString(),
    }),
    (row) => `${row.position}|${row.id}`,
  )
}
