import { randomBytes, randomUUID } from 'node:crypto'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { readDeliveryTarget } from '../webhooks/deliveries.ts'
import { createWebhook } from '../webhooks/webhooks.ts'
import { createSecretCipher } from './cipher.ts'
import { createPostgresVault } from './postgres-vault.ts'
import { rewrapKeys, rotateDataKey } from './rotate-keys.ts'
import { describeVault } from './vault-contract.fixture.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

describeVault('postgres', () => ({ vault: on.platform.vault, acme: on.acme.id, globex: on.globex.id }))

const master = randomBytes(32)
const operator = (): Caller => ({
  ...on.caller(on.acme),
  tenantId: null,
  permissions: new Set(['platform:tenants:write' as const]),
})
/** A tenant with `count` values in the vault of a master key of its own. */
async function fill(name: string, count: number, cipher = createSecretCipher(master)) {
  const tenant = await on.createTenant(name)
  const vault = createPostgresVault(on.database, cipher)
  const secrets = Array.from({ length: count }, () => ({ tenantId: tenant.id, secretId: randomUUID() }))
  for (const [index, secret] of secrets.entries()) await vault.put(secret, `value ${index}`)
  const caller: Caller = { ...operator(), platform: { ...on.platform, secrets: cipher, vault } }
  const values = () => Promise.all(secrets.map(async (secret) => (await vault.get(secret))?.value))
  return { tenant, vault, secrets, caller, values, expected: secrets.map((_, index) => `value ${index}`) }
}
const keysOf = (tenantId: string) =>
  on.asSuperuser<{ id: number }>('select id from data_keys where tenant_id = $1 order by id', [tenantId])

it('no value is in the database as it is, and a row that is moved opens nowhere else', async () => {
  const { tenant, vault, secrets } = await fill('moved', 2)
  const [first, second] = secrets
  const dump = JSON.stringify(
    await on.asSuperuser('select encode(sealed, $1) as sealed from secret_values', ['escape']),
  )
  expect(dump).not.toContain('value 0')
  await on.asSuperuser(
    `update secret_values set sealed = (select sealed from secret_values where secret_id = $1) where secret_id = $2`,
    [first?.secretId, second?.secretId],
  )
  await expect(vault.get({ tenantId: tenant.id, secretId: second?.secretId ?? '' })).rejects.toMatchObject({
    code: 'internal',
  })
})

describe("the rotation of a tenant's data key", () => {
  it('encrypts every value anew, drops the key before, and leaves other tenants alone', async () => {
    const { tenant, caller, values, expected } = await fill('rotated', 250)
    const before = await on.asSuperuser('select sealed from secret_values where tenant_id = $1', [tenant.id])
    expect(await rotateDataKey(caller, tenant.id)).toEqual({ secrets: 250 })
    expect(await values()).toEqual(expected)
    expect(await keysOf(tenant.id)).toEqual([{ id: 2 }])
    const after = await on.asSuperuser('select sealed from secret_values where tenant_id = $1', [tenant.id])
    expect(after.filter((row) => before.some((other) => JSON.stringify(other) === JSON.stringify(row)))).toEqual([])
    expect(await keysOf(on.acme.id)).toEqual([{ id: 1 }])
  })

  it('goes on where it was cut off, without another key', async () => {
    const { tenant, caller, values, expected } = await fill('cut off', 250)
    // Makes the key, encrypts a hundred values, and dies.
    let transactions = 2
    const cutOff = new Proxy(on.database, {
      get(target, property) {
        if (property !== 'withTenant') return Reflect.get(target, property)
        return (...args: Parameters<typeof target.withTenant>) => {
          if (transactions-- === 0) throw new Error('the process died')
          return target.withTenant(...args)
        }
      },
    })
    const vault = createPostgresVault(cutOff, createSecretCipher(master))
    const dying = { ...caller, platform: { ...caller.platform, vault } }
    await expect(rotateDataKey(dying, tenant.id)).rejects.toThrow('the process died')
    expect(await keysOf(tenant.id)).toEqual([{ id: 1 }, { id: 2 }])
    expect(await values()).toEqual(expected)
    expect(await rotateDataKey(caller, tenant.id)).toEqual({ secrets: 150 })
    expect(await keysOf(tenant.id)).toEqual([{ id: 2 }])
    expect(await values()).toEqual(expected)
  })

  it('has nothing to do for a tenant without secrets', async () => {
    const { caller, tenant } = await fill('empty', 0)
    expect(await rotateDataKey(caller, tenant.id)).toEqual({ secrets: 0 })
    expect(await keysOf(tenant.id)).toEqual([])
  })

  it('is for the operator, to whom a tenant that is not there is not found', async () => {
    await expect(rotateDataKey(operator(), randomUUID())).rejects.toMatchObject({ code: 'not_found' })
    await expect(rotateDataKey(on.caller(on.acme), on.acme.id)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a change of the master key', () => {
  it('needs the key before until everything is rewrapped, and then no more', async () => {
    await using own = await startOwnPlatform()
    const { platform, caller } = own
    const [before, after] = [randomBytes(32), randomBytes(32)]
    const oldCipher = createSecretCipher(before)
    const secret = { tenantId: platform.acme.id, secretId: randomUUID() }
    await createPostgresVault(platform.database, oldCipher).put(secret, 'kept')
    const owner = { ...platform.caller(platform.acme), platform: { ...platform.platform, secrets: oldCipher } }
    const webhook = await createWebhook(owner, {
      url: 'https://hooks.invalid/',
      description: '',
      events: ['run.failed'],
    })
    const readWith = (cipher: ReturnType<typeof createSecretCipher>) =>
      createPostgresVault(platform.database, cipher).get(secret)

    const [onlyNew, both] = [createSecretCipher(after), createSecretCipher(after, before)]
    await expect(readWith(onlyNew)).rejects.toMatchObject({
      message: expect.stringContaining('FREEHOLD_SECRET_KEY_PREVIOUS'),
    })
    expect(await readWith(both)).toMatchObject({ value: 'kept' })

    const first = await rewrapKeys(caller(both), { limit: 1 })
    expect(first).toMatchObject({ tenants: 1, rewrapped: 2 })
    const second = await rewrapKeys(caller(both), { limit: 1, cursor: first.nextCursor ?? '' })
    expect(second).toEqual({ tenants: 1, rewrapped: 0, nextCursor: null })
    expect(await rewrapKeys(caller(both), { limit: 10 })).toEqual({ tenants: 2, rewrapped: 0, nextCursor: null })

    expect(await readWith(onlyNew)).toMatchObject({ value: 'kept' })
    const parts = { database: platform.database, secrets: onlyNew }
    expect(await readDeliveryTarget(parts, platform.acme.id, webhook.id)).toMatchObject({ secrets: [webhook.secret] })
  })

  it('is for the operator', async () => {
    await expect(rewrapKeys(on.caller(on.acme), { limit: 1 })).rejects.toMatchObject({ code: 'permission_denied' })
  })
})

/** A platform with two tenants and nothing else in it. */
async function startOwnPlatform() {
  const platform = await createTestPlatform()
  const caller = (cipher: ReturnType<typeof createSecretCipher>): Caller => ({
    ...operator(),
    platform: { ...platform.platform, secrets: cipher },
  })
  return { platform, caller, [Symbol.asyncDispose]: () => platform.close() }
}
