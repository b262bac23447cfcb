import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'

const folder = join(import.meta.dirname, 'migrations')
// Any constant: it keeps two processes from migrating at once.
const lockKey = 7_305_418_201

interface Migration {
  version: number
  name: string
  sql: string
  /** Declared by a first line `-- breaking`: an older server must not run after it. */
  breaking: boolean
}

interface Applied {
  version: number
  name: string
  checksum: string
  breaking: boolean
}

/** Brings the database up to this release. Safe to run from many processes at once. */
export async function migrate(client: pg.Client): Promise<void> {
  const migrations = await readMigrations()
  await client.query('select pg_advisory_lock($1)', [lockKey])
  try {
    await client.query(`create table if not exists schema_migrations (
      version int primary key, name text not null, checksum text not null, breaking boolean not null,
      applied_at timestamptz not null default now())`)
    await client.query('grant select on schema_migrations to public')
    const applied = await readApplied(client)
    assertCompatible(migrations, applied)
    for (const migration of migrations) {
      if (!applied.some(({ version }) => version === migration.version)) await apply(client, migration)
    }
    await applyDoors(client, applied, migrations)
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lockKey])
  }
}

/** For a server that does not migrate: refuses a database that is older than it, or newer in a way it can't run on. */
export async function assertMigrated(client: pg.Client): Promise<void> {
  const migrations = await readMigrations()
  const { rows } = await client.query(`select to_regclass('public.schema_migrations') is not null as known`)
  const applied = rows[0]?.known ? await readApplied(client) : []
  assertCompatible(migrations, applied)
  const missing = migrations.filter(({ version }) => !applied.some((row) => row.version === version))
  const lacks = missing.map(({ name }) => name)
  if (await lacksDoors(applied, migrations)) lacks.push('doors.sql')
  if (lacks.length === 0) return
  const names = lacks.join(', ')
  throw new Error(`The database lacks ${names}. Run "npm start -- --target=migrate" first.`)
}

async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(join(folder, file), 'utf8')
      return { version: Number.parseInt(file, 10), name: file, sql, breaking: sql.startsWith('-- breaking') }
    }),
  )
}

async function readApplied(client: pg.Client): Promise<Applied[]> {
  return (await client.query('select version, name, checksum, breaking from schema_migrations order by version')).rows
}

function assertCompatible(migrations: Migration[], applied: Applied[]): void {
  const newest = newestOf(migrations)
  const tooNew = applied.find(({ version, breaking }) => breaking && version > newest)
  if (tooNew) {
    throw new Error(
      `The database was changed by a newer Freehold (${tooNew.name}) that this one can't run on. ` +
        'Start the newer version, or restore the backup from before the upgrade.',
    )
  }
  for (const migration of migrations) {
    const row = applied.find(({ version }) => version === migration.version)
    if (row && row.checksum !== checksum(migration.sql)) {
      throw new Error(`${migration.name} was edited after it ran here. Put it back and add a new migration instead.`)
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await inTransaction(client, async () => {
    // The row goes in first: a second migrator that slipped past the lock fails on it before it changes anything.
    await client.query('insert into schema_migrations (version, name, checksum, breaking) values ($1, $2, $3, $4)', [
      migration.version,
      migration.name,
      checksum(migration.sql),
      migration.breaking,
    ])
    if (migration.version > 1) await client.query('set local role freehold_owner')
    await client.query(migration.sql)
  })
}

/** `doors.sql` is one file that is run again when it changes; row 0 remembers which text ran last. */
async function applyDoors(client: pg.Client, applied: Applied[], migrations: Migration[]): Promise<void> {
  if (!(await lacksDoors(applied, migrations))) return
  const sql = await readDoors()
  await inTransaction(client, async () => {
    await client.query(
      `insert into schema_migrations (version, name, checksum, breaking) values (0, 'doors.sql', $1, false)
       on conflict (version) do update set checksum = excluded.checksum, applied_at = now()`,
      [checksum(sql)],
    )
    await client.query('set local role freehold_doors')
    await client.query(sql)
  })
}

/** Those of a newer server are good for this one, too. */
async function lacksDoors(applied: Applied[], migrations: Migration[]): Promise<boolean> {
  const current = applied.find(({ version }) => version === 0)
  const newerServerWasHere = applied.some(({ version }) => version > newestOf(migrations))
  return !newerServerWasHere && current?.checksum !== checksum(await readDoors())
}

function readDoors(): Promise<string> {
  return readFile(join(import.meta.dirname, 'doors.sql'), 'utf8')
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

function newestOf(migrations: Migration[]): number {
  return Math.max(...migrations.map(({ version }) => version))
}

function checksum(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')
}
