import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { lockDataFolder } from './data-folder-lock.ts'
import { translateDatabaseError } from './errors.ts'
import { assertMigrated, migrate } from './migrate.ts'
import { assertRoleIsBound } from './role-check.ts'
import type { DB } from './schema.gen.ts'

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
  onLostConnection?: (error: Error) => void
}

const types = {
  // bigint columns hold nano-USD, tokens and fencing tokens, all far below 2^53.
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

const inTransaction = new AsyncLocalStorage<true>()

/** The one way to the data. Every connection works as `freehold_app`, which the row-level policies bind. */
export class Database {
  readonly kind: 'embedded' | 'postgres'
  private readonly pool: pg.Pool
  private readonly kysely: Kysely<DB>
  private readonly release: () => Promise<void>

  constructor(kind: Database['kind'], pool: pg.Pool, release: () => Promise<void>) {
    this.kind = kind
    this.pool = pool
    this.kysely = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
    this.release = release
  }

  /**
   * Runs `work` in a transaction that sees and writes rows of one tenant only. Keep I/O out of it: the embedded
   * database has a single connection.
   */
  async withTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (inTransaction.getStore()) throw new Error('withTenant inside withTenant would wait for itself: pass the tx on')
    try {
      return await inTransaction.run(true, () =>
        this.kysely.transaction().execute(async (tx) => {
          await sql`select set_config('app.tenant_id', ${tenantId}, true)`.execute(tx)
          return work(tx)
        }),
      )
    } catch (error) {
      throw translateDatabaseError(error)
    }
  }

  /**
   * One prepared statement in a transaction of its own. For the doors, and for functions that set the tenant
   * themselves. Named by its text, which must be constant.
   */
  async call<Row>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      // Released without the error, because the pool would close the embedded database's only connection.
      const client = await this.pool.connect()
      try {
        return (await client.query({ name, text, values: [...values] })).rows
      } finally {
        client.release()
      }
    } catch (error) {
      throw translateDatabaseError(error)
    }
  }

  /** Calls back for every message on a channel until closed. PostgreSQL only: the embedded database has one process. */
  async listen(channel: string, onMessage: (payload: string) => void, onLost: () => void): Promise<() => void> {
    const client = await this.pool.connect()
    client.on('notification', (message) => onMessage(message.payload ?? ''))
    client.on('error', onLost)
    await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    return () => client.release(true)
  }

  async close(): Promise<void> {
    await this.kysely.destroy()
    // Kysely ends the pool only when it has used it.
    if (!this.pool.ended) await this.pool.end()
    await this.release()
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
  const pool = new pg.Pool({
    connectionString: url,
    // The session's own default, so that no statement can run with the rights of the login.
    options: '-c role=freehold_app',
    max: config.poolSize,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    types,
  })
  pool.on('error', (error) => config.onLostConnection?.(error))
  // A connection that breaks while it is checked out would end the process: the query that finds it broken tells.
  pool.on('connect', (client) => client.on('error', () => {}))
  return new Database('postgres', pool, async () => {})
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
