import {
  type Environment,
  FreeholdError,
  type ListThreads,
  type Message,
  type Page,
  type RunStatus,
  type Thread,
} from '@freehold/contracts'
import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import type { DB, Messages } from '../db/schema.gen.ts'
import { microsecondsOf, timeAt } from '../db/time.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'
import { readActorNames } from '../people/actor-names.ts'

const shownTitle = 80

export type ListThreadsQuery = PageQuery & Omit<Partial<ListThreads>, keyof PageQuery>

export async function listThreads(caller: Caller, query: ListThreadsQuery): Promise<Page<Thread>> {
  authorize(caller, 'threads:read')
  const [before, id] = decodeCursor(query.cursor, cursorKeys.timeAndThread)?.split('|') ?? []
  return caller.platform.database.withTenant(caller, async (tx) => {
    const asked = conversations(tx)
      .$if(before !== undefined, (q) => q.where(sql<boolean>`(created_at, id) < (${timeAt(before ?? '')}, ${id})`))
      .$if(query.mine === true, (q) => q.where('principal', '=', actorName(caller)))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
    const rows = await withRuns(tx, asked)
      .$if(query.agent !== undefined, (q) => q.where('last.agent', '=', query.agent ?? ''))
      .orderBy('threads.created_at', 'desc')
      .orderBy('threads.id', 'desc')
      .limit(query.limit + 1)
      .execute()
    const threads = await presentThreads(tx, caller, rows)
    return toPage(
      threads,
      query.limit,
      ({ thread }) => thread,
      ({ position }) => position,
    )
  })
}

export async function getThread(caller: Caller, id: string): Promise<Thread> {
  authorize(caller, 'threads:read')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const rows = await withRuns(tx, conversations(tx).where('id', '=', id)).execute()
    const [found] = await presentThreads(tx, caller, rows)
    if (!found) throw threadNotFound()
    return found.thread
  })
}

/** Without those of the platform's own runs and of delegated ones. */
function conversations(tx: Tx) {
  return tx
    .selectFrom('threads')
    .selectAll()
    .where('id', 'not like', 'system:%')
    .where('principal', 'is not', null)
    .$narrowType<{ principal: string }>()
}

/** With their first and their last run. */
function withRuns(tx: Tx, threads: ReturnType<typeof conversations>) {
  // The offset has them put in order first, so that no runs are read of those that come after the page.
  const inOrder = threads.offset(0).as('threads')
  return tx
    .selectFrom(inOrder)
    .innerJoinLateral(
      (eb) => runAtEnd(eb, 'asc').as('first'),
      (join) => join.onTrue(),
    )
    .innerJoinLateral(
      (eb) => runAtEnd(eb, 'desc').as('last'),
      (join) => join.onTrue(),
    )
    .select(['threads.id', 'threads.created_at', 'threads.updated_at', 'threads.principal', 'first.beginning'])
    .select(['last.id as last_id', 'last.agent', 'last.environment', 'last.status'])
    .select(microsecondsOf('threads.created_at').as('position'))
}

function runAtEnd(threads: ExpressionBuilder<DB, 'threads'>, order: 'asc' | 'desc') {
  return threads
    .selectFrom('agent_runs')
    .select(['id', 'agent', 'environment', 'status'])
    .select(sql<string>`left(message, ${shownTitle * 4})`.as('beginning'))
    .whereRef('agent_runs.tenant_id', '=', 'threads.tenant_id')
    .whereRef('agent_runs.thread_id', '=', 'threads.id')
    .orderBy('id', order)
    .limit(1)
}

type ThreadRow = Awaited<ReturnType<ReturnType<typeof withRuns>['executeTakeFirstOrThrow']>>

async function presentThreads(
  tx: Tx,
  caller: Caller,
  rows: ThreadRow[],
): Promise<{ thread: Thread; position: string }[]> {
  const names = await readActorNames(
    tx,
    caller,
    rows.map(({ principal }) => principal),
  )
  return rows.map((row) => ({
    thread: {
      id: row.id,
      title: titleOf(row.beginning),
      startedBy: row.principal,
      startedByName: names.get(row.principal) ?? null,
      lastRun: {
        id: row.last_id,
        agent: row.agent,
        // Columns with a check constraint.
        environment: row.environment as Environment,
        status: row.status as RunStatus,
      },
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    },
    position: `${row.position}|${row.id}`,
  }))
}

function titleOf(beginning: string): string {
  const line = [...beginning.replaceAll(/\s+/g, ' ').trim()]
  return line.length > shownTitle ? `${line.slice(0, shownTitle - 1).join('')}…` : line.join('')
}

function threadNotFound(): FreeholdError {
  return new FreeholdError('not_found', 'There is no thread with this id.')
}

export async function listMessages(caller: Caller, threadId: string, query: PageQuery): Promise<Page<Message>> {
  authorize(caller, 'threads:read')
  const after = decodeCursor(query.cursor, cursorKeys.number)
  const rows = await caller.platform.database.withTenant(caller, async (tx) => {
    const thread = await tx.selectFrom('threads').select('id').where('id', '=', threadId).executeTakeFirst()
    if (!thread) throw threadNotFound()
    return tx
      .selectFrom('messages')
      .selectAll()
      .where('thread_id', '=', threadId)
      .$if(after !== undefined, (q) => q.where('seq', '>', Number(after)))
      .orderBy('seq')
      .limit(query.limit + 1)
      .execute()
  })
  return toPage(rows, query.limit, presentMessage, (row) => String(row.seq))
}

export function presentMessage(row: Selectable<Messages>): Message {
  return {
    id: row.id,
    runId: row.run_id,
    role: row.role as Message['role'], // has a check constraint
    content: row.content,
    createdAt: row.created_at.toISOString(),
  }
}
