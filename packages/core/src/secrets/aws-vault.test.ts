import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { findMoto, type MotoServer, startMoto } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAwsVault } from './aws-vault.ts'
import type { Vault } from './vault.ts'
import { describeVault } from './vault-contract.fixture.ts'

const program = findMoto()
const [acme, globex] = [randomUUID(), randomUUID()]
const secret = { tenantId: acme, secretId: randomUUID() }
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const vaultAt = (endpoint: string, timeoutMs?: number) =>
  createAwsVault('freehold', { region: 'eu-central-1', endpoint, credentials, maxAttempts: 1 }, timeoutMs)

describe.skipIf(program === undefined)('with a server that speaks its protocol', () => {
  let server: MotoServer
  let vault: Vault
  beforeAll(async () => {
    server = await startMoto(program ?? '')
    vault = vaultAt(server.url)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  describeVault('aws', () => ({ vault, acme, globex }))
})

it('a vault that is away is told as such, without what was sent', async () => {
  const failure = await vaultAt('http://127.0.0.1:1')
    .put(secret, 'a value')
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'unavailable', retryable: true })
  expect(String(failure)).not.toContain('a value')
})

it('a vault that never answers is not waited for', async () => {
  await using server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const vault = vaultAt(`http://127.0.0.1:${port}`, 50)
  for (const work of [vault.get(secret), vault.put(secret, 'a value'), vault.delete(secret)]) {
    await expect(work).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  }
})
