import type { DeletionCertificate } from '@freehold/contracts'
import {
  createTestPlatform,
  findMoto,
  findOpenBao,
  furnishTenant,
  type MotoServer,
  type OpenBaoServer,
  snapshotTenant,
  startMoto,
  startOpenBao,
  type TestPlatform,
  type TestTenant,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'
import { createAwsVault } from '../secrets/aws-vault.ts'
import { createOpenBaoVault } from '../secrets/openbao-vault.ts'
import { createTransitVault } from '../secrets/transit-vault.ts'
import type { Vault } from '../secrets/vault.ts'
import { deleteTenant } from './delete-tenant.ts'
import { suspendTenant } from './tenants.ts'

const [bao, moto] = [findOpenBao(), findMoto()]
let on: TestPlatform

/** A platform with this vault, for the tests of the block. */
function usePlatform(vault: (database: Database) => Vault): void {
  beforeAll(async () => {
    on = await createTestPlatform({ vault })
  })
  afterAll(() => on.close())
}

/** Deletes a tenant that has something of everything, and tells what the vault's own server has of each before and after. */
async function deleteWhole(list: (tenant: TestTenant) => Promise<string[]>) {
  const { acme, globex } = on
  await furnishTenant(on, acme)
  await on.client(globex.key).putSecret({ params: { name: 'a-secret' }, body: { value: 'a value' } })
  const [before, others] = [await list(acme), await list(globex)]
  const certificate = await erase(acme)
  expect(Object.values(await snapshotTenant(on, acme.id)).flat()).toEqual([])
  expect(others).toHaveLength(1)
  expect(await list(globex)).toEqual(others)
  return { before, after: await list(acme), certificate }
}

async function erase({ id, name }: TestTenant, vault: Vault = on.platform.vault) {
  const operator: Caller = {
    ...on.caller(on.acme),
    platform: { ...on.platform, vault },
    actor: { kind: 'operator', id: 'test', name: 'test' },
    tenantId: null,
    permissions: new Set(['platform:tenants:write' as const, 'platform:tenants:read' as const]),
  }
  await suspendTenant(operator, id)
  let certificate: DeletionCertificate | null = null
  while (!certificate) ({ certificate } = await deleteTenant(operator, id, { name }, on.anchors))
  return certificate
}

describe.skipIf(bao === undefined)('with a real OpenBao', () => {
  let server: OpenBaoServer
  beforeAll(async () => {
    server = await startOpenBao(bao ?? '')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const at = (mount: string) => ({ url: server.url, mount, readToken: async () => server.token })
  const transitVault = (database: Database) => createTransitVault(database, { ...at('transit'), keyPrefix: 'freehold' })
  const listOf = async (path: string) => {
    const { body } = await server.ask<{ data?: { keys: string[] } }>('LIST', path)
    return body.data?.keys ?? []
  }
  const keysOf = async ({ id }: TestTenant) => (await listOf('transit/keys')).filter((name) => name.includes(id))

  describe('as KV', () => {
    usePlatform(() => createOpenBaoVault(at('secret')))

    test('nothing of a deleted tenant is left there', async () => {
      const { before, after, certificate } = await deleteWhole(({ id }) => listOf(`secret/metadata/freehold/${id}`))
      expect(before).toHaveLength(2)
      expect(after).toEqual([])
      expect(certificate.secretValues).toEqual({ vault: 'openbao', before: 2, after: 0 })
      expect(certificate).not.toHaveProperty('vaultKeys')
    })
  })

  describe('as Transit', () => {
    usePlatform(transitVault)
    const fill = async (name: string) => {
      const tenant = await on.createTenant(name)
      await on.client(tenant.key).putSecret({ params: { name: 'a-secret' }, body: { value: 'a value' } })
      return tenant
    }

    test('the key of a deleted tenant is gone with its values, and the certificate says so', async () => {
      const { before, after, certificate } = await deleteWhole(keysOf)
      expect(before).toHaveLength(1)
      expect(after).toEqual([])
      expect(certificate).toMatchObject({
        secretValues: { vault: 'openbao-transit', before: 2, after: 0 },
        vaultKeys: { before: 1, after: 0 },
      })
    })

    test('a key that is made again while its tenant is deleted goes, too', async () => {
      const tenant = await fill('made again')
      const vault = transitVault(on.database)
      let looks = 0
      const exists = async (id: string) => {
        const found = await vault.tenantKey?.exists(id)
        // The second look is the one after the key was deleted.
        if (++looks === 2) await server.ask('POST', `transit/keys/freehold-${id}`, { derived: true })
        return found === true
      }
      const tenantKey = { exists, delete: async (id: string) => vault.tenantKey?.delete(id) }
      expect(await erase(tenant, { ...vault, tenantKey })).toMatchObject({ vaultKeys: { before: 1, after: 0 } })
      expect(await keysOf(tenant)).toEqual([])
    })

    test('a tenant whose key is lost, and so its values, can be deleted', async () => {
      const tenant = await fill('lost')
      await on.platform.vault.tenantKey?.delete(tenant.id)
      expect(await erase(tenant)).toMatchObject({ secretValues: { before: 1 }, vaultKeys: { before: 0, after: 0 } })
    })
  })
})

describe.skipIf(moto === undefined)('with a server that speaks for AWS', () => {
  let server: MotoServer
  beforeAll(async () => {
    server = await startMoto(moto ?? '')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const configure = () => ({ region: 'eu-central-1', endpoint: server.url, credentials })
  usePlatform(() => createAwsVault('freehold', configure()))

  test('nothing of a deleted tenant is left there', async () => {
    const { ListSecretsCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager')
    const client = new SecretsManagerClient(configure())
    const { before, after, certificate } = await deleteWhole(async ({ id }) => {
      // With those that AWS would keep for some days yet.
      const { SecretList: secrets = [] } = await client.send(new ListSecretsCommand({ IncludePlannedDeletion: true }))
      return secrets.flatMap(({ Name: name }) => (name?.includes(id) ? [name] : []))
    })
    expect(before).toHaveLength(2)
    expect(after).toEqual([])
    expect(certificate.secretValues).toEqual({ vault: 'aws', before: 2, after: 0 })
    client.destroy()
  })
})
