import { FreeholdError, type Message, type Page, type Thread } from '@freehold/contracts'
import { sql } from 'kysely'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import { microsecondsOf, timeAt } from '../db/time.ts'
import { authorize, type Caller } from '../identity/caller.ts'

export async function listThreads(caller: Caller, query: PageQuery): Promise<Page<Thread>> {
  authorize(caller, 'threads:read')
  const [before, id] = decodeCursor(query.cursor, cursorKeys.timeAndThread)?.split('|') ?? []
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('threads')
      .selectAll()
      .select(microsecondsOf('created_at').as('position'))
      .where('id', 'not like', 'system:%') // of runs of the platform's own
      .$if(before !== undefined, (q) => q.where(sql<boolean>`(created_at, id) < (${timeAt(before ?? '')}, ${id})`))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(
    rows,
    query.limit,
    (row) => ({ id: row.id, createdAt: row.created_at.toISOString(), updatedAt: row.updated_at.toISOString() }),
    (row) => `${row.position}|${row.id}`,
  )
}

export async function listMessages(caller: Caller, threadId: string, query: PageQuery): Promise<Page<Message>> {
  authorize(caller, 'threads:read')
  const after = decodeCursor(query.cursor, cursorKeys.number)
  const rows = await caller.platform.database.withTenant(caller, async (tx) => {
    const thread = await tx.selectFrom('threads').select('id').where('id', '=', threadId).executeTakeFirst()
    if (!thread) throw new FreeholdError('not_found', 'There is no thread with this id.')
    return tx
      .selectFrom('messages')
      .selectAll()
      .where('thread_id', '=', threadId)
      .$if(after !== undefined, (q) => q.where('seq', '>', Number(after)))
      .orderBy('seq')
      .limit(query.limit + 1)
      .execute()
  })
  return toPage(
    rows,
    query.limit,
    (row) => ({
      id: row.id,
      runId: row.run_id,
      role: row.role as Message['role'], // has a check constraint
      content: row.content,
      createdAt: row.created_at.toISOString(),
    }),
    (row) => String(row.seq),
  )
}
