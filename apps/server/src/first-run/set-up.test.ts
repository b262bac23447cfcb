import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  authenticateKey,
  createFolderObjects,
  createPostgresVault,
  createSecretCipher,
  generateKey,
  LocalBus,
  openDatabase,
  type Platform,
} from '@freehold/core'
import { createToolRegistry } from '@freehold/runtime'
import { asSuperuser, createDataFolder, startPostgres } from '@freehold/testkit'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { generateSecretKey } from '../secret-key.ts'
import { findOrigins } from '../sign-in/origins.ts'
import { openSignIn } from '../sign-in/sign-in.ts'
import { type Credentials, type FirstRun, setUp } from './set-up.ts'

const url = 'http://127.0.0.1:3000'
const secretKey = generateSecretKey()
/** What each start told. */
let newOwners: FirstRun['newOwner'][]
const closers: (() => Promise<void>)[] = []
let first: Platform
let second: Platform
let dataDir: string

/** A platform on an empty database of its own. */
async function openPlatform(): Promise<Platform> {
  const folder = await createDataFolder()
  const database = await openDatabase({ dataDir: folder, poolSize: 1, migrate: true })
  closers.push(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })
  const tools = createToolRegistry()
  const catalogue = { programs: ['assistant', 'graph'], providers: [], tools: tools.list().map(tools.describe) }
  const secrets = createSecretCipher(randomBytes(32))
  const vault = createPostgresVault(database, secrets)
  const objects = createFolderObjects(join(tmpdir(), 'freehold-none'))
  return { database, bus: new LocalBus(), catalogue, secrets, vault, objects, findRefusal: async () => undefined }
}

beforeAll(async () => {
  first = await openPlatform()
  second = await openPlatform()
})

afterAll(async () => {
  for (const close of closers) await close()
})

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'freehold-first-run-'))
  newOwners = []
  for (const platform of [first, second]) await empty(platform)
})

afterEach(() => rm(dataDir, { recursive: true, force: true }))

/** `reset role` first: freehold_app may not delete anything. And a trigger keeps the audit entries. */
async function empty({ database }: Platform): Promise<void> {
  for (const statement of [
    'reset role',
    'set session_replication_role = replica',
    'truncate tenants, operator_keys, people, freehold_auth."user" cascade',
    'reset session_replication_role',
    'set role freehold_app',
  ]) {
    await database.call('', statement, [])
  }
}

async function count({ database }: Platform): Promise<Record<string, number>> {
  const tables = ['tenants', 'agent_templates', 'api_keys', 'operator_keys']
  const counts: Record<string, number> = {}
  await database.call('', 'reset role', [])
  for (const table of tables) {
    const [row] = await database.call<{ count: number }>('', `select count(*) from ${table}`, [])
    counts[table] = row?.count ?? -1
  }
  await database.call('', 'set role freehold_app', [])
  return counts
}

async function start(platform: Platform, env: Record<string, string> = {}): Promise<Credentials> {
  const config = readConfig({ FREEHOLD_DATA_DIR: dataDir, FREEHOLD_SECRET_KEY: secretKey, ...env }, 'all')
  const signIn = await openSignIn(config, findOrigins(config, url), platform.database, pino({ level: 'silent' }))
  const { credentials, newOwner } = await setUp(platform, config, url, signIn)
  newOwners.push(newOwner)
  return credentials
}

const path = () => join(dataDir, 'credentials.json')
const readFileAsJson = async () => JSON.parse(await readFile(path(), 'utf8'))

async function expectToWork(platform: Platform, { operatorKey, tenants }: Credentials): Promise<void> {
  expect(await authenticateKey(platform.database, operatorKey)).toMatchObject({ actor: { kind: 'operator' } })
  await expectKeysToWork(platform, tenants)
}

async function expectKeysToWork(platform: Platform, tenants: Credentials['tenants']): Promise<void> {
  for (const { id, apiKey } of Object.values(tenants)) {
    expect(await authenticateKey(platform.database, apiKey)).toMatchObject({ tenantId: id })
  }
}

const samples = { tenants: 2, agent_templates: 4 }

describe('the first start', () => {
  test('makes an operator key and two tenants with agents, whose keys work', async () => {
    const credentials = await start(first)
    expect(Object.keys(credentials.tenants).toSorted()).toEqual(['acme', 'globex'])
    await expectToWork(first, credentials)
    expect(await count(first)).toMatchObject({ ...samples, operator_keys: 1 })
  })

  test('writes them to a file that only its owner can read, and leaves no draft', async () => {
    const credentials = await start(first)
    expect(await readFileAsJson()).toEqual(credentials)
    expect((await stat(path())).mode & 0o777).toBe(0o600)
    expect(await readdir(dataDir)).toEqual(['credentials.json'])
  })

  test('makes an owner, who owns the tenants and the installation, and tells the password once', async () => {
    const { owner, tenants } = await start(first)
    expect(owner).toEqual({ email: 'owner@freehold.localhost', password: expect.stringMatching(/^[\w-]{24}$/) })
    expect(await start(first)).toMatchObject({ owner })
    expect(newOwners).toEqual([owner, undefined])
    await first.database.call('', 'reset role', [])
    const people = await first.database.call('', 'select email, platform_role from people', [])
    const memberships = await first.database.call('', 'select tenant_id, roles from memberships', [])
    await first.database.call('', 'set role freehold_app', [])
    expect(people).toEqual([{ email: owner?.email, platform_role: 'owner' }])
    expect(memberships).toHaveLength(2)
    for (const { id } of Object.values(tenants)) expect(memberships).toContainEqual({ tenant_id: id, roles: ['owner'] })
  })

  test('takes the operator key of the configuration', async () => {
    const operatorKey = generateKey('operator')
    const credentials = await start(first, { FREEHOLD_OPERATOR_KEY: operatorKey })
    expect(credentials.operatorKey).toBe(operatorKey)
    await expectToWork(first, credentials)
  })

  test('makes no samples with FREEHOLD_SAMPLES=off', async () => {
    const credentials = await start(first, { FREEHOLD_SAMPLES: 'off' })
    expect(credentials.tenants).toEqual({})
    expect(await count(first)).toMatchObject({ tenants: 0, agent_templates: 0, operator_keys: 1 })
  })

  test('of two servers at once makes the samples once, and both come up', async () => {
    const server = await startPostgres()
    const databaseUrl = await server.createDatabase({ migrate: true })
    const platforms: Platform[] = []
    for (let i = 0; i < 2; i += 1) {
      const database = await openDatabase({ url: databaseUrl, dataDir, poolSize: 2, migrate: false })
      platforms.push({ ...first, database })
    }
    const both = await Promise.all(
      platforms.map((platform, index) => start(platform, { FREEHOLD_DATA_DIR: join(dataDir, `${index}`) })),
    )
    // Two that share a database are given one operator key; of two that were not, the last one counts.
    expect(await asSuperuser(databaseUrl, 'select count(*)::int from operator_keys')).toEqual([{ count: 1 }])
    for (const { tenants } of both) {
      expect(Object.keys(tenants).toSorted()).toEqual(['acme', 'globex'])
      for (const platform of platforms) await expectKeysToWork(platform, tenants)
    }
    expect(await asSuperuser(databaseUrl, 'select count(*)::int from agent_templates')).toEqual([{ count: 4 }])
    for (const { database } of platforms) await database.close()
    await server.stop()
  })
})

describe('another start', () => {
  test('changes nothing', async () => {
    const credentials = await start(first)
    const before = await count(first)
    expect(await start(first)).toEqual(credentials)
    expect(await count(first)).toEqual(before)
  })

  test('completes a file of the release before, which knew no owner', async () => {
    const { owner, ...before } = await start(first)
    await writeFile(path(), JSON.stringify(before))
    expect(await start(first)).toEqual({ ...before, owner })
    expect(await count(first)).toMatchObject(samples)
  })

  test('makes the file private again', async () => {
    await start(first)
    await chmod(path(), 0o644)
    await start(first)
    expect((await stat(path())).mode & 0o777).toBe(0o600)
  })

  test('with another operator key ends the one before', async () => {
    const { operatorKey } = await start(first)
    const changed = generateKey('operator')
    await expectToWork(first, await start(first, { FREEHOLD_OPERATOR_KEY: changed }))
    await expect(authenticateKey(first.database, operatorKey)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(await count(first)).toMatchObject({ operator_keys: 1 })
  })

  test('without the file makes new keys, and no second samples', async () => {
    const before = await start(first)
    await rm(path())
    const after = await start(first)
    await expectToWork(first, after)
    expect(after.operatorKey).not.toBe(before.operatorKey)
    expect(after.tenants.acme).toMatchObject({ id: before.tenants.acme?.id })
    expect(after.tenants.acme?.apiKey).not.toBe(before.tenants.acme?.apiKey)
    expect(await count(first)).toMatchObject(samples)
  })

  test('brings no key back that was revoked', async () => {
    const before = await start(first)
    await first.database.withTenant(before.tenants.acme?.id ?? '', (tx) =>
      tx.updateTable('api_keys').set({ revoked_at: new Date() }).execute(),
    )
    const keys = await count(first)
    expect(await start(first)).toEqual(before)
    expect(await count(first)).toEqual(keys)
  })

  test('keeps the key of a tenant that is suspended', async () => {
    const before = await start(first)
    await first.database.withTenant(before.tenants.acme?.id ?? '', (tx) =>
      tx.updateTable('tenants').set({ status: 'suspended' }).execute(),
    )
    expect(await start(first)).toEqual(before)
  })

  test('on another database keeps the operator key, and makes new keys of the tenants there', async () => {
    const here = await start(first)
    const there = await start(second)
    await expectToWork(second, there)
    expect(there.operatorKey).toBe(here.operatorKey)
    expect(there.tenants.acme?.id).not.toBe(here.tenants.acme?.id)
    const back = await start(first)
    await expectToWork(first, back)
    expect(back.tenants.acme?.id).toBe(here.tenants.acme?.id)
    expect(await count(first)).toMatchObject({ ...samples, operator_keys: 1 })
  })

  test.each([
    ['cut off', '{"url": "http'],
    ['of another shape', '{}'],
    ['empty', ''],
  ])('with a file that is %s says what to do, and leaves the file as it is', async (_, text) => {
    await writeFile(path(), text)
    await expect(start(first)).rejects.toThrow(`${path()} can't be read. Repair it, or move it away and start again`)
    expect(await readFile(path(), 'utf8')).toBe(text)
    expect(await count(first)).toMatchObject({ tenants: 0, operator_keys: 0 })
  })
})
