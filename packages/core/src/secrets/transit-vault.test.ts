import { randomUUID } from 'node:crypto'
import {
  createTestPlatform,
  findOpenBao,
  type OpenBaoServer,
  type PostgresServer,
  startOpenBao,
  startPostgres,
  type TestPlatform,
  type TestTenant,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'
import { deleteTenant } from '../tenancy/delete-tenant.ts'
import { suspendTenant } from '../tenancy/tenants.ts'
import { readDocumentedPolicy } from './documented-policy.fixture.ts'
import { createPostgresVault } from './postgres-vault.ts'
import { rotateDataKey } from './rotate-keys.ts'
import type { TransitConfig } from './transit-keys.ts'
import { createTransitVault } from './transit-vault.ts'
import type { SecretRef, Vault } from './vault.ts'
import { describeVault } from './vault-contract.fixture.ts'

const binary = findOpenBao()

describe.skipIf(binary === undefined)('with a real OpenBao', () => {
  let server: OpenBaoServer
  let postgres: PostgresServer
  let on: TestPlatform
  let token: string
  let vault: Vault

  beforeAll(async () => {
    server = await startOpenBao(binary ?? '')
    token = await server.createToken(await readDocumentedPolicy('transit'))
    postgres = await startPostgres()
    const databaseUrl = await postgres.createDatabase({ migrate: true })
    on = await createTestPlatform({ databaseUrl, vault: (database) => open({}, database) })
    vault = on.platform.vault
  })
  afterAll(async () => {
    await on.close()
    await postgres.stop()
    await server[Symbol.asyncDispose]()
  })

  const open = (changes: Partial<TransitConfig> = {}, database: Database = on.database) =>
    createTransitVault(database, {
      url: server.url,
      mount: 'transit',
      keyPrefix: 'freehold',
      readToken: async () => token,
      ...changes,
    })
  const newSecret = (tenant: TestTenant = on.acme): SecretRef => ({ tenantId: tenant.id, secretId: randomUUID() })
  const operator = (): Caller => ({
    ...on.caller(on.acme),
    tenantId: null,
    permissions: new Set(['platform:tenants:write' as const]),
  })
  const rotate = (tenantId: string, using: Vault = vault) =>
    rotateDataKey({ ...operator(), platform: { ...on.platform, vault: using } }, tenantId)
  /** Holds a vault up before its first request to OpenBao. */
  function createPause() {
    const [reached, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const readToken = async () => {
      reached.resolve()
      await ended.promise
      return token
    }
    return { readToken, reached: reached.promise, end: ended.resolve }
  }
  /** The versions of a tenant's key that are left, such as `['2']`. */
  async function versionsOf(tenantId: string): Promise<string[]> {
    const { body } = await server.ask<{ data: { keys: object } }>('GET', `transit/keys/freehold-${tenantId}`)
    return Object.keys(body.data.keys)
  }
  async function fill(name: string, expected: readonly string[]) {
    const tenant = await on.createTenant(name)
    const secrets = expected.map(() => newSecret(tenant))
    for (const [index, secret] of secrets.entries()) await vault.put(secret, expected[index] ?? '')
    const values = async () => {
      const found: (string | undefined)[] = []
      for (const secret of secrets) found.push((await vault.get(secret))?.value)
      return found
    }
    return { tenant, secrets, values, secret: secrets[0] ?? newSecret(tenant) }
  }

  describeVault('openbao-transit', () => ({ vault, acme: on.acme.id, globex: on.globex.id }))

  describe('a ciphertext', () => {
    const rows = (secret: SecretRef) =>
      on.asSuperuser<{ sealed: string }>(
        `select encode(sealed, 'escape') as sealed from secret_values where tenant_id = $1 and secret_id = $2`,
        [secret.tenantId, secret.secretId],
      )

    it('is what the database has, and OpenBao has nothing but a key, which it does not give away', async () => {
      const secret = newSecret()
      await vault.put(secret, 'a value')
      expect(await rows(secret)).toEqual([{ sealed: expect.stringMatching(/^vault:v1:/) }])
      const { body } = await server.ask('GET', `transit/keys/freehold-${on.acme.id}`)
      expect(body).toMatchObject({ data: { exportable: false, allow_plaintext_backup: false, derived: true } })
    })

    it('opens nothing as another secret, as another version or as that of another tenant', async () => {
      const [ours, other] = [newSecret(), newSecret()]
      const theirs = { ...ours, tenantId: on.globex.id }
      for (const secret of [ours, ours, other, theirs]) await vault.put(secret, 'a value')
      const [row] = await rows(ours)
      const copyTo = (secret: SecretRef, version: number) =>
        on.asSuperuser(
          `update secret_values set sealed = decode($1, 'escape'), version = $2 where tenant_id = $3 and secret_id = $4`,
          [row?.sealed, version, secret.tenantId, secret.secretId],
        )
      for (const [secret, version] of [
        [other, 2],
        [theirs, 2],
        [ours, 1],
      ] as const) {
        await copyTo(secret, version)
        await expect(vault.get(secret)).rejects.toMatchObject({ code: 'internal', retryable: false })
      }
      await copyTo(ours, 2)
      expect(await vault.get(ours)).toEqual({ value: 'a value', version: '2' })
    })

    it('is not made under a key that somebody else made, which could open it anywhere', async () => {
      const tenant = await on.createTenant('prepared')
      await server.ask('POST', `transit/keys/freehold-${tenant.id}`, {})
      await expect(vault.put(newSecret(tenant), 'a value')).rejects.toThrow('not of the kind that Freehold makes')
    })

    it('is none of the vault in the database, which the other way round leaves it alone', async () => {
      const secret = newSecret()
      const before = createPostgresVault(on.database, on.platform.secrets)
      await before.put(secret, 'of before')
      expect(await vault.get(secret)).toBeUndefined()
      await vault.put(secret, 'of now')
      expect(await before.get(secret)).toBeUndefined()
      expect(await vault.get(secret)).toMatchObject({ value: 'of now' })
      await before.put(secret, 'back again')
      expect(await before.get(secret)).toMatchObject({ value: 'back again' })
    })
  })

  describe("the rotation of a tenant's key", () => {
    it('rewraps every value, also a hundred of the largest size, and destroys the version before', async () => {
      const expected = Array.from({ length: 101 }, (_, index) => `${index}`.padEnd(65_536))
      const { tenant, values } = await fill('rotated', expected)
      const other = await fill('not rotated', ['a value'])
      expect(await rotate(tenant.id)).toEqual({ secrets: 101 })
      expect(await values()).toEqual(expected)
      expect(await versionsOf(tenant.id)).toEqual(['2'])
      expect(await versionsOf(other.tenant.id)).toEqual(['1'])
    })

    it('goes on where it was cut off, without another version, wherever that was', async () => {
      const expected = ['one', 'two', 'three']
      const { tenant, values } = await fill('cut off', expected)
      let requests = 0
      const dying = open({
        readToken: async () => {
          if (requests-- === 0) throw new Error('the process died')
          return token
        },
      })
      let cuts = 0
      for (; ; cuts++) {
        requests = cuts
        const cut = await rotate(tenant.id, dying).then(
          () => false,
          () => true,
        )
        expect(await values()).toEqual(expected)
        if (!cut) break
        await rotate(tenant.id)
        // The first two cuts came before there was a new version.
        expect(await versionsOf(tenant.id)).toEqual([String(cuts + 2)])
        expect(await values()).toEqual(expected)
      }
      // Looking, the new version, the values, and twice that the versions before are gone.
      expect(cuts).toBe(5)
    })

    it('loses no value that is set or read meanwhile', async () => {
      const { tenant, secrets, values } = await fill('busy', ['a', 'b', 'c', 'd'])
      let rotating = true
      const work = secrets.map(async (secret) => {
        let count = 0
        while (rotating) {
          await vault.put(secret, `value ${++count}`)
          expect(await vault.get(secret)).toMatchObject({ value: `value ${count}` })
        }
        return `value ${count}`
      })
      for (let round = 0; round < 5; round++) await rotate(tenant.id)
      rotating = false
      const last = await Promise.all(work)
      expect(await versionsOf(tenant.id)).toEqual(['6'])
      expect(await values()).toEqual(last)
    })

    it('outlives a value that was encrypted before it and is stored after it', async () => {
      const { tenant, secret } = await fill('slow to set', ['a value'])
      const stored = Promise.withResolvers<void>()
      const encrypted = Promise.withResolvers<void>()
      let transactions = 0
      const slow = new Proxy(on.database, {
        get(target, property) {
          if (property !== 'withTenant') return Reflect.get(target, property)
          return async (...args: Parameters<typeof target.withTenant>) => {
            if (++transactions === 2) {
              encrypted.resolve()
              await stored.promise
            }
            return target.withTenant(...args)
          }
        },
      })
      const put = open({}, slow).put(secret, 'set slowly')
      await encrypted.promise
      await rotate(tenant.id)
      expect(await versionsOf(tenant.id)).toEqual(['2'])
      stored.resolve()
      await put
      expect(await vault.get(secret)).toMatchObject({ value: 'set slowly', version: '2' })
    })

    it('outlives a value that was looked up before it and is decrypted after it', async () => {
      const { tenant, secret } = await fill('slow to get', ['a value'])
      const pause = createPause()
      const value = open({ readToken: pause.readToken }).get(secret)
      await pause.reached
      await rotate(tenant.id)
      pause.end()
      expect(await value).toMatchObject({ value: 'a value' })
    })

    it('has nothing to do for a tenant without secrets', async () => {
      const tenant = await on.createTenant('empty')
      expect(await rotate(tenant.id)).toEqual({ secrets: 0 })
    })

    it('is what helps when the key is lost: values can be set again', async () => {
      const { tenant, secret } = await fill('lost', ['a value'])
      await rotate(tenant.id)
      await vault.tenantKey?.delete(tenant.id)
      await expect(vault.get(secret)).rejects.toThrow('set the secret again')
      await expect(vault.put(secret, 'again')).rejects.toThrow('freehold secrets rotate-data-key')
      await rotate(tenant.id)
      await vault.put(secret, 'again')
      expect(await vault.get(secret)).toMatchObject({ value: 'again' })
    })
  })

  it('a tenant that is deleted while a value of it is set leaves no key behind', async () => {
    const tenant = await on.createTenant('deleted meanwhile')
    const pause = createPause()
    const put = open({ readToken: pause.readToken }).put(newSecret(tenant), 'too late')
    await pause.reached
    await suspendTenant(operator(), tenant.id)
    const erase = () => deleteTenant(operator(), tenant.id, { name: tenant.name }, on.anchors)
    while ((await erase()).status !== 'deleted');
    pause.end()
    await expect(put).rejects.toMatchObject({ code: 'not_found' })
    expect(await vault.tenantKey?.exists(tenant.id)).toBe(false)
  })

  describe('when OpenBao does not do it', () => {
    it('a refused token is told, and nothing of what was sent', async () => {
      const failure = await open({ readToken: async () => 'wrong-token' })
        .put(newSecret(), 'a value')
        .catch((error: unknown) => error)
      expect(failure).toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining(
          'refused the token (403). It needs the rights in docs/secrets.md on transit/*.',
        ),
      })
      expect(String(failure)).not.toMatch(/a value|wrong-token/)
    })

    it('a mount that is not there, or is another engine, is told, and never taken for a tenant without a key', async () => {
      for (const mount of ['nowhere', 'secret']) {
        const elsewhere = open({ mount, readToken: async () => server.token })
        for (const work of [() => elsewhere.put(newSecret(), 'a value'), () => elsewhere.tenantKey?.exists(on.acme.id)])
          await expect(work()).rejects.toThrow('no Transit engine gives. Check its address and its mount.')
      }
    })

    it('one that is sealed or away is told as such, and may be asked again', async () => {
      const own = await startOpenBao(binary ?? '')
      const there = open({ url: own.url, readToken: async () => own.token })
      const secret = newSecret()
      await there.put(secret, 'a value')
      await own.ask('POST', 'sys/seal')
      for (const work of [() => there.get(secret), () => there.put(secret, 'more'), () => rotate(on.acme.id, there)])
        await expect(work()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('sealed') })
      await own[Symbol.asyncDispose]()
      await expect(there.get(secret)).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    })
  })
})
