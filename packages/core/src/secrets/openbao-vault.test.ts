import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { createTestPlatform, findOpenBao, type OpenBaoServer, startOpenBao, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDocumentedPolicy } from './documented-policy.fixture.ts'
import { createOpenBaoVault } from './openbao-vault.ts'
import { rotateDataKey } from './rotate-keys.ts'
import { deleteSecret, putSecret } from './secrets.ts'
import type { Vault } from './vault.ts'
import { describeVault } from './vault-contract.fixture.ts'

const binary = findOpenBao()
const [acme, globex] = [randomUUID(), randomUUID()]
const secret = { tenantId: acme, secretId: randomUUID() }

describe.skipIf(binary === undefined)('with a real OpenBao', () => {
  let server: OpenBaoServer
  let vault: Vault
  let token: string
  const open = (changes: Partial<Parameters<typeof createOpenBaoVault>[0]> = {}) =>
    createOpenBaoVault({ url: server.url, mount: 'secret', readToken: async () => token, ...changes })

  beforeAll(async () => {
    server = await startOpenBao(binary ?? '')
    token = await server.createToken(await readDocumentedPolicy('secret'))
    vault = open()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  describeVault('openbao', () => ({ vault, acme, globex }))

  it('a refused token is told, and nothing of what was sent', async () => {
    const failure = await open({ readToken: async () => 'wrong-token' })
      .put(secret, 'a value')
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(
        'refused the token (403). It needs create, read, update and delete on secret/*.',
      ),
    })
    expect(String(failure)).not.toMatch(/a value|wrong-token/)
  })

  it('a mount that is not there is told, and is never taken for a vault without values', async () => {
    const nowhere = open({ mount: 'nowhere', readToken: async () => server.token })
    for (const work of [
      () => nowhere.put(secret, 'a value'),
      () => nowhere.get(secret),
      () => nowhere.delete(secret),
    ]) {
      await expect(work()).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('Check its address and its mount.'),
      })
    }
  })

  it('a deleted value is gone from OpenBao itself, with its versions', async () => {
    await vault.put(secret, 'first')
    await vault.delete(secret)
    const answer = await server.ask('GET', `secret/metadata/freehold/${acme}/${secret.secretId}`)
    expect(answer.status).toBe(404)
  })

  describe('as the vault of a platform', () => {
    let on: TestPlatform
    beforeAll(async () => {
      on = await createTestPlatform({ vault: () => vault })
    })
    afterAll(() => on.close())

    it('has the values, and the database has none', async () => {
      const caller = on.caller(on.acme)
      expect(await putSecret(caller, 'api-key', { value: 'in the vault' })).toMatchObject({ version: 1 })
      const [row] = await on.asSuperuser<{ id: string }>('select id from secrets')
      const stored = { tenantId: on.acme.id, secretId: row?.id ?? '' }
      expect(await vault.get(stored)).toMatchObject({ value: 'in the vault' })
      expect(await on.asSuperuser('select 1 from secret_values')).toEqual([])
      await deleteSecret(caller, 'api-key')
      expect(await vault.get(stored)).toBeUndefined()
      expect(await on.asSuperuser('select 1 from secrets')).toEqual([])
    })

    it('rotates its keys itself', async () => {
      const operator = { ...on.caller(on.acme), permissions: new Set(['platform:tenants:write' as const]) }
      await expect(rotateDataKey(operator, on.acme.id)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('rotate them there'),
      })
    })
  })
})

it.each(['<html>a value</html>', '{"data":{"value":"a value"}}'])(
  'an answer of something else is not quoted: %s',
  async (text) => {
    await using server = createServer((_, response) => response.end(text)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const vault = createOpenBaoVault({
      url: `http://127.0.0.1:${port}`,
      mount: 'secret',
      readToken: async () => 'token',
    })
    const failure = await vault.get(secret).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no KV engine of version 2'),
    })
    expect(inspect(failure)).not.toContain('a value')
  },
)

it('a vault that is away is told as such, and may be asked again', async () => {
  const vault = createOpenBaoVault({ url: 'http://127.0.0.1:1', mount: 'secret', readToken: async () => 'token' })
  await expect(vault.get(secret)).rejects.toMatchObject({ code: 'unavailable', retryable: true })
})
