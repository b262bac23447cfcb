import { asSuperuser, type PostgresServer, startPostgres } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from './database.ts'

let server: PostgresServer
let url: string

beforeAll(async () => {
  server = await startPostgres()
  url = await server.createDatabase({ migrate: true })
})

afterAll(() => server.stop())

async function start(): Promise<void> {
  const database = await openDatabase({ url, dataDir: server.folder, poolSize: 1, migrate: false })
  await database.close()
}

const cases: [what: string, change: string, undo: string, reason: RegExp][] = [
  ['a superuser', 'alter role freehold_app superuser', 'alter role freehold_app nosuperuser', /role is a superuser/],
  ['BYPASSRLS', 'alter role freehold_app bypassrls', 'alter role freehold_app nobypassrls', /role has BYPASSRLS/],
  [
    "the owner's rights",
    'grant freehold_owner to freehold_app',
    'revoke freehold_owner from freehold_app',
    /member of freehold_owner/,
  ],
  [
    'the key to the doors',
    'grant freehold_doors to freehold_app',
    'revoke freehold_doors from freehold_app',
    /member of freehold_doors/,
  ],
  [
    'what people sign in with',
    'grant freehold_auth to freehold_app',
    'revoke freehold_auth from freehold_app',
    /member of freehold_auth/,
  ],
  [
    "a superuser's rights by membership",
    'create role some_admin superuser; grant some_admin to freehold_app',
    'drop role some_admin',
    /member of some_admin/,
  ],
  [
    'BYPASSRLS by membership that it must ask for',
    'create role some_reader bypassrls; grant some_reader to freehold_app with inherit false, set true',
    'drop role some_reader',
    /member of some_reader/,
  ],
  [
    'a table without row-level security',
    'alter table threads disable row level security',
    'alter table threads enable row level security',
    /not forced on threads\b/,
  ],
  [
    'a table that does not force it',
    'alter table tenants no force row level security',
    'alter table tenants force row level security',
    /not forced on tenants\b/,
  ],
  [
    'a table of its own',
    'alter table messages owner to freehold_app',
    'alter table messages owner to freehold_owner',
    /not forced on messages\b/,
  ],
  [
    'a new table that nobody protected',
    'create table notes (tenant_id uuid not null, text text)',
    'drop table notes',
    /not forced on notes\b/,
  ],
]

describe('the server refuses to start when its role could bypass the policies', () => {
  test('it starts when it could not', async () => {
    await start()
  })

  test.each(cases)('with %s', async (_, change, undo, reason) => {
    await asSuperuser(url, change)
    try {
      await expect(start()).rejects.toThrow(/refuses to start/)
      await expect(start()).rejects.toThrow(reason)
    } finally {
      await asSuperuser(url, undo)
    }
    await start()
  })
})
