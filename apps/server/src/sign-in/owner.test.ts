import { rm } from 'node:fs/promises'
import { openDatabase } from '@freehold/core'
import { asSuperuser, startPostgres } from '@freehold/testkit'
import { getMigrations } from 'better-auth/db/migration'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { generateSecretKey } from '../secret-key.ts'
import { signInOptions } from './options.ts'
import { findOrigins } from './origins.ts'
import { openSignIn } from './sign-in.ts'

const logger = pino({ level: 'silent' })
const secretKey = generateSecretKey()
let server: Awaited<ReturnType<typeof startPostgres>>
let url: string

beforeAll(async () => {
  server = await startPostgres()
  url = await server.createDatabase({ migrate: true })
})

afterAll(async () => {
  await server.stop()
  await rm(server.folder, { recursive: true, force: true })
})

async function openProcess(env: Record<string, string> = {}) {
  const database = await openDatabase({ url, dataDir: server.folder, poolSize: 2, migrate: false })
  const config = readConfig({ FREEHOLD_DATA_DIR: server.folder, FREEHOLD_SECRET_KEY: secretKey, ...env }, 'all')
  const origins = findOrigins(config, 'http://127.0.0.1:3000')
  return { database, config, signIn: await openSignIn(config, origins, database, logger) }
}

test('several processes that start at once make one owner, and all know how they sign in', async () => {
  const processes = await Promise.all(Array.from({ length: 4 }, () => openProcess()))
  const owners = await Promise.all(processes.map(({ signIn }) => signIn.ensureOwner(undefined, async () => {})))
  expect(owners[0]).toEqual({ email: 'owner@freehold.localhost', password: expect.stringMatching(/^[\w-]{24}$/) })
  for (const owner of owners) expect(owner).toEqual(owners[0])
  expect(await asSuperuser(url, 'select email from freehold_auth."user"')).toEqual([{ email: owners[0]?.email }])
  for (const { signIn } of processes) {
    const request = new Request('http://localhost:3000/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://localhost:3000' },
      body: JSON.stringify(owners[0]),
    })
    expect((await signIn.handle(request)).status).toBe(200)
  }
  // Another password than the first is not known, unless the credentials file has it.
  const other = await openProcess({ FREEHOLD_SECRET_KEY: generateSecretKey() })
  expect(await other.signIn.ensureOwner(undefined, async () => {})).toBeUndefined()
  for (const { database } of [...processes, other]) await database.close()
})

test('the tables are those that the library would make', async () => {
  const { database, config } = await openProcess({
    FREEHOLD_GOOGLE_CLIENT_ID: 'an id',
    FREEHOLD_GOOGLE_CLIENT_SECRET: 'a secret',
  })
  const options = signInOptions({
    database,
    config: config.signIn,
    ...findOrigins(config, null),
    name: config.brand.name,
    hasPages: true,
    secrets: [Buffer.alloc(32)],
    sendMail: async () => {},
    isInvited: async () => false,
    context: () => Promise.reject(new Error('nothing happens later here')),
    logger,
  })
  const { toBeCreated, toBeAdded, toBeAddedIndexes, unsafeChanges, schemaProblems } = await getMigrations(options)
  expect({ toBeCreated, toBeAdded, toBeAddedIndexes, unsafeChanges, schemaProblems }).toEqual({
    toBeCreated: [],
    toBeAdded: [],
    toBeAddedIndexes: [],
    unsafeChanges: [],
    schemaProblems: [],
  })
  // It looked at the tables, and would have said so.
  await asSuperuser(url, 'alter table freehold_auth.passkey drop column aaguid')
  expect((await getMigrations(options)).toBeAdded).toMatchObject([{ table: 'passkey' }])
  await database.close()
})
