import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { asSuperuser, type PostgresServer, startPostgres } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from './database.ts'

const root = join(import.meta.dirname, '../../../..')

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

async function open(url: string, migrate: boolean): Promise<void> {
  const database = await openDatabase({ url, dataDir: server.folder, poolSize: 1, migrate })
  await database.close()
}

const applied = (url: string) => asSuperuser(url, 'select * from schema_migrations order by version')

describe('migrating', () => {
  // First, while the cluster has none of the roles yet.
  test('two databases of a new cluster at once works', async () => {
    const urls = [await server.createDatabase(), await server.createDatabase()]
    await Promise.all(urls.map((url) => open(url, true)))
    for (const url of urls) await open(url, false)
  })

  test('one database from many processes at once applies everything once', async () => {
    const url = await server.createDatabase()
    await Promise.all([1, 2, 3, 4].map(() => open(url, true)))
    const versions = (await asSuperuser<{ version: number }>(url, 'select version from schema_migrations')).map(
      ({ version }) => version,
    )
    expect(versions.toSorted()).toEqual([...new Set(versions)].toSorted())
    await open(url, false)
  })

  test('again changes nothing', async () => {
    const url = await server.createDatabase({ migrate: true })
    const before = await applied(url)
    await open(url, true)
    expect(await applied(url)).toEqual(before)
  })

  test('refuses a migration that was edited after it ran', async () => {
    const url = await server.createDatabase({ migrate: true })
    await asSuperuser(url, `update schema_migrations set checksum = 'another' where version = 3`)
    await expect(open(url, true)).rejects.toThrow(/0003_\w+\.sql was edited after it ran here/)
    await expect(open(url, false)).rejects.toThrow(/0003_\w+\.sql was edited after it ran here/)
  })

  test('refuses a database that a newer release changed in a breaking way, and names the migration', async () => {
    const url = await server.createDatabase({ migrate: true })
    await asSuperuser(url, `insert into schema_migrations values (999, '0999_future.sql', 'x', true)`)
    await expect(open(url, true)).rejects.toThrow(/newer Freehold \(0999_future\.sql\)/)
    await expect(open(url, false)).rejects.toThrow(/newer Freehold \(0999_future\.sql\)/)
  })

  test('accepts a database that a newer release changed without breaking, and leaves its doors alone', async () => {
    const url = await server.createDatabase({ migrate: true })
    await asSuperuser(url, `insert into schema_migrations values (999, '0999_future.sql', 'x', false)`)
    await asSuperuser(url, `update schema_migrations set checksum = 'newer doors' where version = 0`)
    await open(url, true)
    await open(url, false)
    expect(await applied(url)).toContainEqual(expect.objectContaining({ version: 0, checksum: 'newer doors' }))
  })

  test('runs doors.sql again when it changed', async () => {
    const url = await server.createDatabase({ migrate: true })
    await asSuperuser(url, `update schema_migrations set checksum = 'older doors' where version = 0`)
    await asSuperuser(url, 'drop function door_list_tenants(text, int)')
    await open(url, true)
    const [row] = await asSuperuser(url, `select to_regproc('door_list_tenants') is not null as there`)
    expect(row).toEqual({ there: true })
  })
})

describe('a server that does not migrate', () => {
  test('refuses a database that nobody migrated', async () => {
    const url = await server.createDatabase()
    await expect(open(url, false)).rejects.toThrow(/lacks 0001_roles\.sql, .*--target=migrate/)
  })

  test('refuses a database that is older than it, and names what is missing', async () => {
    const url = await server.createDatabase({ migrate: true })
    await asSuperuser(url, 'delete from schema_migrations where version = 5')
    await expect(open(url, false)).rejects.toThrow(/lacks 0005_\w+\.sql\./)
    await asSuperuser(url, `update schema_migrations set checksum = 'older doors' where version = 0`)
    await expect(open(url, false)).rejects.toThrow(/lacks 0005_\w+\.sql, doors\.sql\./)
  })

  test('says that the database can not be reached, without its password', async () => {
    const url = 'postgres://someone:a-password-to-keep@127.0.0.1:1/nowhere'
    const error = await open(url, false).catch((refusal: unknown) => refusal)
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(String(error)).not.toContain('a-password-to-keep')
  })
})

test('the generated types are those of the schema', async () => {
  const script = join(root, 'scripts/generate-db-types.ts')
  await promisify(execFile)(process.execPath, [script, '--verify'], { cwd: root })
})
