import { asSuperuser, createDataFolder, type PostgresServer, startPostgres } from '@freehold/testkit'
import { Kysely, sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from './database.ts'

let server: PostgresServer
let url: string
let opened: Database | undefined

beforeAll(async () => {
  server = await startPostgres()
  url = await server.createDatabase({ migrate: true })
})

afterEach(async () => {
  await opened?.close()
  opened = undefined
})

afterAll(() => server.stop())

async function open(kind: string, databaseUrl = url) {
  const dataDir = kind === 'embedded' ? await createDataFolder() : server.folder
  opened = await openDatabase({
    ...(kind === 'PostgreSQL' && { url: databaseUrl }),
    dataDir,
    // One, so that each use gets the connection of the one before.
    poolSize: 1,
    migrate: false,
  })
  return { database: opened, signIn: new Kysely<unknown>({ dialect: opened.signInDialect }) }
}

const whoAmI = 'select current_user::text as role, current_schema()::text as schema'
const asApp = { role: 'freehold_app', schema: 'public' }

describe.each(['embedded', 'PostgreSQL'])('on the %s database', (kind) => {
  test('sign-in works as a role of its own, and the next user of its connection does not', async () => {
    const { database, signIn } = await open(kind)
    const { rows } = await sql`select current_user::text as role, current_schema()::text as schema`.execute(signIn)
    expect(rows).toEqual([{ role: 'freehold_auth', schema: 'freehold_auth' }])
    expect(await database.call('', whoAmI, [])).toEqual([asApp])
  })

  test('neither after a query that failed, nor after a transaction that did', async () => {
    const { database, signIn } = await open(kind)
    await expect(sql`select nonsense`.execute(signIn)).rejects.toThrow('nonsense')
    expect(await database.call('', whoAmI, [])).toEqual([asApp])
    const failing = signIn.transaction().execute((tx) => sql`select nonsense`.execute(tx))
    await expect(failing).rejects.toThrow('nonsense')
    expect(await database.call('', whoAmI, [])).toEqual([asApp])
  })

  test('neither role reaches the tables of the other', async () => {
    const { database, signIn } = await open(kind)
    for (const table of ['user', 'session', 'account', 'verification', 'twoFactor', 'passkey']) {
      await expect(database.call('', `select * from freehold_auth."${table}"`, [])).rejects.toThrow('permission denied')
      expect((await sql`select * from ${sql.id(table)}`.execute(signIn)).rows).toEqual([])
    }
    const tables = await database.call<{ name: string }>(
      '',
      `select relname::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
        and relname <> 'schema_migrations'`,
      [],
    )
    expect(tables.length).toBeGreaterThan(20)
    for (const { name } of tables) {
      const reading = sql`select * from ${sql.id('public', name)}`.execute(signIn)
      await expect(reading, name).rejects.toThrow('permission denied')
    }
  })
})

test('a login that served the release before may work as that role after the upgrade', async () => {
  await asSuperuser(url, 'create role older_server login; grant freehold_app to older_server')
  const upgraded = await openDatabase({
    url: await server.createDatabase(),
    dataDir: server.folder,
    poolSize: 1,
    migrate: true,
  })
  await upgraded.close()
  const [row] = await asSuperuser(url, `select pg_has_role('older_server', 'freehold_auth', 'member') as may`)
  expect(row).toEqual({ may: true })
})

test('a login that may not work as that role is told what to do', async () => {
  await asSuperuser(url, `create role some_server login password 'secret'; grant freehold_app to some_server`)
  const login = new URL(url)
  login.username = 'some_server'
  login.password = 'secret'
  const { database, signIn } = await open('PostgreSQL', login.href)
  const ask = () => sql`select 1`.execute(signIn)
  await expect(ask()).rejects.toThrow('Run "grant freehold_auth to <login>"')
  expect(await database.call('', whoAmI, [])).toEqual([asApp])
  await asSuperuser(url, 'grant freehold_auth to some_server')
  await ask()
})
