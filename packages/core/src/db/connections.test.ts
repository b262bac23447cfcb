import { type PostgresServer, startPostgres, waitFor } from '@freehold/testkit'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PostgresBus } from '../bus/postgres-bus.ts'
import { type Database, openDatabase } from './database.ts'
import { type SilentProxy, startSilentProxy } from './silent-proxy.fixture.ts'

const acme = '00000000-0000-7000-8000-00000000000a'
const unavailable = { code: 'unavailable', retryable: true }
const queryTimeoutMs = 2_000

let postgres: PostgresServer
let databaseUrl: string
let proxy: SilentProxy
let database: Database

beforeAll(async () => {
  postgres = await startPostgres()
  databaseUrl = await postgres.createDatabase({ migrate: true })
})
afterAll(() => postgres.stop())

beforeEach(async () => {
  proxy = await startSilentProxy(databaseUrl)
  const config = { dataDir: postgres.folder, poolSize: 1, migrate: false, queryTimeoutMs }
  database = await openDatabase({ ...config, url: proxy.url })
})
afterEach(async () => {
  await database.close()
  await proxy[Symbol.asyncDispose]()
})

const select = (text: string) => database.call<{ value: unknown }>('', text, [])

describe('a connection that fell silent', () => {
  test('is given up, and the next query has another one', async () => {
    await select('select 1 as value')
    proxy.silence()
    const startedAt = performance.now()
    await expect(select('select 2 as value')).rejects.toMatchObject(unavailable)
    expect(performance.now() - startedAt).toBeLessThan(queryTimeoutMs * 2)
    expect(await select('select 3 as value')).toEqual([{ value: 3 }])
  })

  test('in a transaction does not make its rollback wait, too', async () => {
    const startedAt = performance.now()
    const work = database.withTenant(acme, async (tx) => {
      proxy.silence()
      await sql`select 1`.execute(tx)
    })
    await expect(work).rejects.toMatchObject(unavailable)
    expect(performance.now() - startedAt).toBeLessThan(queryTimeoutMs * 2)
    expect(await database.withTenant(acme, async () => 'works after that')).toBe('works after that')
  })

  test('is noticed when it is that of the bus, and the bus listens on another one', async () => {
    const [listener, speaker] = [new PostgresBus(database), new PostgresBus(database)]
    await listener.open()
    let heard = 0
    listener.onWork(() => {
      heard += 1
    })
    proxy.silence()
    const hears = () => {
      speaker.publish({ kind: 'work' })
      return heard > 0
    }
    await waitFor(hears, { timeoutMs: 25_000, pollMs: 100, what: 'a hint' })
    await Promise.all([listener.close(), speaker.close()])
  })
})

test('a query that takes too long is ended by the server, and its connection stays', async () => {
  const pid = () => select('select pg_backend_pid() as value')
  const before = await pid()
  await expect(select('select pg_sleep(5)')).rejects.toMatchObject(unavailable)
  expect(await pid()).toEqual(before)
})

test('a server that became a standby is unavailable for a while', async () => {
  const work = database.withTenant(acme, async (tx) => {
    await sql`set transaction read only`.execute(tx)
    await tx.insertInto('tenants').values({ id: acme, name: 'acme' }).execute()
  })
  await expect(work).rejects.toMatchObject(unavailable)
})

test('the bus takes no connection of the pool', async () => {
  const bus = new PostgresBus(database)
  await bus.open()
  expect(await select('select 1 as value')).toEqual([{ value: 1 }])
  await bus.close()
})

test('a bus that can not listen says so, and leaves no connection', async () => {
  await proxy[Symbol.asyncDispose]()
  await expect(new PostgresBus(database).open()).rejects.toMatchObject(unavailable)
})
