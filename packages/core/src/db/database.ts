import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { FreeholdError } from '@freehold/contracts'
import {
  CompiledQuery,
  type Dialect,
  type IsolationLevel,
  Kysely,
  PostgresDialect,
  sql,
  type Transaction,
} from 'kysely'
import pg from 'pg'
import { lockDataFolder } from './data-folder-lock.ts'
import {
  isForeignKeyViolation,
  isPolicyViolation,
  isQueryTimeout,
  ownedElsewhere,
  translateDatabaseError,
} from './errors.ts'
import { assertMigrated, migrate } from './migrate.ts'
import { assertRoleIsBound } from './role-check.ts'
import type { DB } from './schema.gen.ts'
import { createSignInDialect } from './sign-in-dialect.ts'

export type Tx = Transaction<DB>

export interface DatabaseConfig {
  /** A PostgreSQL URL; the embedded database in `dataDir` when absent. */
  url?: string | undefined
  /** The login that migrates, when `url` is one that only does tenant work. */
  ownerUrl?: string | undefined
  dataDir: string
  poolSize: number
  /** Migrate before use; otherwise refuse a database that is not migrated. */
  migrate: boolean
  /** How long a query may take on PostgreSQL before its connection counts as dead; 10 s when absent. */
  queryTimeoutMs?: number
  onLostConnection?: (error: Error) => void
}

const types = {
  // bigint columns hold nano-USD, tokens and fencing tokens, all far below 2^53.
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** Whose rows a transaction sees and writes: a tenant's, and there those of some teams only when they are named. */
export interface Ground {
  tenantId: string
  teams?: readonly string[] | null | undefined
}

interface OpenTransaction {
  tenantId: string
  /** As `app.team_ids` has them. */
  teams: string
  tx: Tx
  /** What is told once it has committed. */
  afterCommit: (() => void)[]
  /** What is told once it is over, either way. */
  afterEnd: (() => void)[]
  /** Whether the tenant has to be set again, after a function that set one itself. */
  strayed: boolean
  /** False for what it started and left behind, such as a timer: that is no part of it. */
  open: boolean
}

/** The transaction that the code of a verb runs in, and whether a `withTenant` in it may join. */
const current = new AsyncLocalStorage<{ transaction: OpenTransaction; joinable: boolean }>()

function currentTransaction(): { transaction: OpenTransaction; joinable: boolean } | undefined {
  const found = current.getStore()
  return found?.transaction.open ? found : undefined
}

/** Whether the caller's database work is part of a transaction, and so of one connection. */
export function isInTransaction(): boolean {
  return currentTransaction() !== undefined
}

/** Calls back once the transaction around the caller has committed; at once outside of one; never after a rollback. */
export function afterCommit(callback: () => void): void {
  const around = currentTransaction()
  if (around) around.transaction.afterCommit.push(callback)
  else callback()
}

/** Calls back once the transaction around the caller is over, committed or not; at once outside of one. */
export function afterEnd(callback: () => void): void {
  const around = currentTransaction()
  if (around) around.transaction.afterEnd.push(callback)
  else callback()
}

/** The one way to the data. Every connection works as `freehold_app`, which the row-level policies bind. */
export class Database {
  readonly kind: 'embedded' | 'postgres'
  /** For the sign-in library alone: its tables, as its role. Never within `withTenant`, which may hold the only connection. */
  readonly signInDialect: Dialect
  private readonly pool: pg.Pool
  private readonly kysely: Kysely<DB>
  private readonly release: () => Promise<void>

  constructor(kind: Database['kind'], pool: pg.Pool, release: () => Promise<void>) {
    this.kind = kind
    this.pool = pool
    this.kysely = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
    this.signInDialect = createSignInDialect(pool)
    this.release = release
  }

  /**
   * Runs `work` in a transaction that sees and writes rows of one tenant only: those that a caller may, or with a bare
   * id, for the platform's own work, all of them. Keep I/O out of it: the embedded database has a single connection.
   * Within `asOne` it joins the transaction that is there.
   */
  async withTenant<T>(on: Ground | string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const ground = typeof on === 'string' ? { tenantId: on } : on
    const around = currentTransaction()
    if (!around) return this.begin(ground, false, work)
    const { transaction, joinable } = around
    if (!joinable || transaction.tenantId !== ground.tenantId) {
      throw new Error('withTenant inside withTenant would wait for itself: pass the tx on')
    }
    return translated(async () => {
      if (transaction.strayed || transaction.teams !== teamsOf(ground)) await stand(transaction.tx, ground)
      transaction.strayed = false
      transaction.teams = teamsOf(ground)
      return current.run({ transaction, joinable: false }, () => refusedByTeam(ground, () => work(transaction.tx)))
    })
  }

  /**
   * Runs verbs of one tenant, and what `work` does beside them, in one transaction: their `withTenant` and `call` join
   * it. All is undone when `work` throws. Verbs start on their tenant whatever a function of `call` left behind; `tx`
   * itself may not be on it after one, and the policies then refuse what `work` writes.
   */
  asOne<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (currentTransaction()) throw new Error('asOne inside a transaction: there is one already')
    return this.begin({ tenantId }, true, work)
  }

  /** Reads rows of one tenant as they are at one moment, however long it takes and whatever is written meanwhile. */
  snapshot<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (currentTransaction()) throw new Error('a snapshot inside a transaction: it sees what that has seen')
    return this.begin({ tenantId }, false, work, 'repeatable read')
  }

  private async begin<T>(
    ground: Ground,
    joinable: boolean,
    work: (tx: Tx) => Promise<T>,
    isolation: IsolationLevel = 'read committed',
  ): Promise<T> {
    const afterCommit: OpenTransaction['afterCommit'] = []
    const afterEnd: OpenTransaction['afterEnd'] = []
    try {
      const result = await translated(() =>
        this.kysely
          .transaction()
          .setIsolationLevel(isolation)
          .execute(async (tx) => {
            await stand(tx, ground)
            const { tenantId } = ground
            const transaction = {
              tenantId,
              teams: teamsOf(ground),
              tx,
              afterCommit,
              afterEnd,
              strayed: false,
              open: true,
            }
            try {
              return await current.run({ transaction, joinable }, () => refusedByTeam(ground, () => work(tx)))
            } finally {
              transaction.open = false
            }
          }),
      )
      for (const callback of afterCommit) callback()
      return result
    } finally {
      for (const callback of afterEnd) callback()
    }
  }

  /**
   * One prepared statement in a transaction of its own, or in that of `asOne`. For the doors, and for functions that
   * set the tenant themselves. Named by its text, which must be constant.
   */
  async call<Row>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    const around = currentTransaction()
    if (around) return callWithin<Row>(around.transaction, text, values)
    return translated(async () => {
      // Released without the error, because the pool would close the embedded database's only connection. One that gave
      // no answer in time has been ended by `endWhenSilent`.
      const client = await this.pool.connect()
      try {
        return (await client.query({ name, text, values: [...values] })).rows
      } finally {
        client.release()
      }
    })
  }

  /**
   * Calls back for every message on a channel until closed, on a connection of its own, and once when that is lost.
   * PostgreSQL only: the embedded database has one process.
   */
  async listen(channel: string, onMessage: (payload: string) => void, onLost: () => void): Promise<() => void> {
    const client = new pg.Client(this.pool.options)
    client.on('error', () => {}) // a lost connection ends, too
    client.on('notification', (message) => onMessage(message.payload ?? ''))
    const end = () => void client.end().catch(() => {})
    try {
      await client.connect()
      await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      end()
      throw translateDatabaseError(error)
    }
    // Nothing is sent on it otherwise, so that a dead one would look like a quiet one.
    const check = setInterval(() => void client.query('select 1').catch(end), listenCheckMs(this.pool.options))
    const lost = () => {
      clearInterval(check)
      onLost()
    }
    client.once('end', lost)
    return () => {
      clearInterval(check)
      client.off('end', lost)
      end()
    }
  }

  async close(): Promise<void> {
    await this.kysely.destroy()
    // Kysely ends the pool only when it has used it.
    if (!this.pool.ended) await this.pool.end()
    await this.release()
  }
}

function stand(tx: Tx, ground: Ground): Promise<unknown> {
  return sql`select set_config('app.tenant_id', ${ground.tenantId}, true),
    set_config('app.team_ids', ${teamsOf(ground)}, true)`.execute(tx)
}

function teamsOf({ teams }: Ground): string {
  return (teams ?? []).join()
}

/** What the policies refuse somebody who acts for a team, in words that say what to do. */
async function refusedByTeam<T>({ teams }: Ground, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (teams && isForeignKeyViolation(error, 'resource_owners_tenant_id_team_id_fkey')) {
      throw new FreeholdError('not_found', 'X-Team-Id names no team of this tenant.', { cause: error })
    }
    if (!teams || !isPolicyViolation(error)) throw error
    if (teams.length === 1) throw ownedElsewhere(error)
    const message = 'You act for several teams here. Choose one with the header X-Team-Id.'
    throw new FreeholdError('permission_denied', message, { cause: error })
  }
}

async function callWithin<Row>(transaction: OpenTransaction, text: string, values: readonly unknown[]): Promise<Row[]> {
  transaction.strayed = true
  const { rows } = await translated(() => transaction.tx.executeQuery<Row>(CompiledQuery.raw(text, [...values])))
  return rows
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translateDatabaseError(error)
  }
}

/** Opens the database, migrates it if asked to, and proves that tenant work can't bypass the policies. */
export async function openDatabase(config: DatabaseConfig): Promise<Database> {
  const database = config.url ? await openPostgres(config, config.url) : await openEmbedded(config)
  try {
    await assertRoleIsBound(database)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

async function openPostgres(config: DatabaseConfig, url: string): Promise<Database> {
  const owner = new pg.Client({ connectionString: config.ownerUrl ?? url })
  try {
    await owner.connect()
    await (config.migrate ? migrate(owner) : assertMigrated(owner))
  } catch (error) {
    throw translateDatabaseError(error)
  } finally {
    await owner.end()
  }
  const queryTimeoutMs = config.queryTimeoutMs ?? 10_000
  const pool = new pg.Pool({
    connectionString: url,
    // The session's own default, so that no statement can run with the rights of the login.
    options: '-c role=freehold_app',
    max: config.poolSize,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    query_timeout: queryTimeoutMs,
    // A server that is there answers before, and its connection can be kept.
    statement_timeout: Math.floor(queryTimeoutMs * 0.9),
    types,
  })
  pool.on('error', (error) => config.onLostConnection?.(error))
  pool.on('connect', (client) => {
    // A connection that breaks while it is checked out would end the process: the query that finds it broken tells.
    client.on('error', () => {})
    endWhenSilent(client)
  })
  return new Database('postgres', pool, async () => {})
}

/** Ends a connection on which a query got no answer in time, so that nothing, not even a rollback, waits on it again. */
function endWhenSilent(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  const watched = (...args: unknown[]) => {
    const answer = query(...args)
    if (answer instanceof Promise) {
      answer.catch((error: unknown) => {
        if (isQueryTimeout(error)) void (client as pg.PoolClient & pg.Client).end()
      })
    }
    return answer
  }
  // The arguments and the answer are passed on as they are.
  client.query = watched as typeof client.query
}

/** 30 s with the default time-out. */
function listenCheckMs({ query_timeout: timeoutMs }: pg.PoolOptions): number {
  return 3 * (timeoutMs ?? 10_000)
}

async function openEmbedded(config: DatabaseConfig): Promise<Database> {
  const folder = join(config.dataDir, 'postgres')
  const unlock = await lockDataFolder(config.dataDir)
  let engine: PGlite | undefined
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const [{ PGlite: Engine }, { createPgConfig }] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite/node-postgres'),
    ])
    const opened = new Engine(folder)
    engine = opened
    await opened.waitReady
    const owner = new pg.Client({ ...createPgConfig(opened) })
    await owner.connect()
    await migrate(owner)
    // The lock proves that no other worker lives, so nobody has to wait for the leases of one that died.
    await owner.query(`update agent_runs set available_at = now() where status = 'running'`)
    await owner.query('set role freehold_app')
    await owner.end()
    const pool = new pg.Pool({
      ...createPgConfig(opened),
      max: 1,
      idleTimeoutMillis: 0,
      types,
      onConnect: async (client) => {
        await client.query('set role freehold_app')
      },
    })
    pool.on('error', (error) => config.onLostConnection?.(error))
    return new Database('embedded', pool, async () => {
      await opened.close()
      await unlock()
    })
  } catch (error) {
    // An open engine keeps the process alive.
    await engine?.close().catch(() => {})
    await unlock()
    throw error
  }
}
