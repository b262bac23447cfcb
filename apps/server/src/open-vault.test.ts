import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecretCipher } from '@freehold/core'
import {
  createTestPlatform,
  findMoto,
  findOpenBao,
  startMoto,
  startOpenBao,
  type TestPlatform,
} from '@freehold/testkit'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { readConfig } from './config.ts'
import { openVault } from './open-vault.ts'

const [bao, moto] = [findOpenBao(), findMoto()]
let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

/** The vault that a process with these settings has. */
const vaultOf = (env: Record<string, string>) =>
  openVault(readConfig(env, 'api').vault, on.database, createSecretCipher(randomBytes(32)))
const newSecret = () => ({ tenantId: on.acme.id, secretId: randomUUID() })

it('is in the database when nothing is set', async () => {
  const [vault, secret] = [vaultOf({}), newSecret()]
  await vault.put(secret, 'kept')
  expect(vault.kind).toBe('postgres')
  expect(await on.asSuperuser('select 1 from secret_values where secret_id = $1', [secret.secretId])).toHaveLength(1)
})

it.skipIf(bao === undefined)('is OpenBao, with the token that its file has by then', async () => {
  await using server = await startOpenBao(bao ?? '')
  const folder = await mkdtemp(join(tmpdir(), 'freehold-token-'))
  const file = join(folder, 'token')
  await writeFile(file, 'of yesterday')
  const settings = { FREEHOLD_VAULT: 'openbao', FREEHOLD_OPENBAO_URL: server.url, FREEHOLD_OPENBAO_TOKEN_FILE: file }
  const [vault, secret] = [vaultOf(settings), newSecret()]
  await expect(vault.put(secret, 'kept')).rejects.toThrow('refused the token')
  await writeFile(file, `${server.token}\n`)
  await vault.put(secret, 'kept')
  expect(await vault.get(secret)).toMatchObject({ value: 'kept' })
  await rm(folder, { recursive: true })
})

it.skipIf(bao === undefined)("is the database with OpenBao's keys, under the prefix that is set", async () => {
  await using server = await startOpenBao(bao ?? '')
  const access = { FREEHOLD_OPENBAO_URL: server.url, FREEHOLD_OPENBAO_TOKEN: server.token }
  const [settings, secret] = [{ FREEHOLD_VAULT: 'openbao-transit', ...access }, newSecret()]
  const vault = vaultOf({ ...settings, FREEHOLD_OPENBAO_KEY_PREFIX: 'of-ours' })
  await vault.put(secret, 'kept')
  expect(vault.kind).toBe('openbao-transit')
  expect(await vault.get(secret)).toMatchObject({ value: 'kept' })
  expect(await server.ask('LIST', 'transit/keys')).toMatchObject({
    body: { data: { keys: [`of-ours-${on.acme.id}`] } },
  })
  await expect(vaultOf(settings).get(secret)).rejects.toThrow('can not be read with the key of its tenant')
})

it.skipIf(moto === undefined)('is AWS Secrets Manager, where the environment says', async () => {
  await using server = await startMoto(moto ?? '')
  vi.stubEnv('AWS_ENDPOINT_URL', server.url)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  const [vault, secret] = [vaultOf({ FREEHOLD_VAULT: 'aws' }), newSecret()]
  await vault.put(secret, 'kept')
  expect(vault.kind).toBe('aws')
  expect(await vault.get(secret)).toMatchObject({ value: 'kept' })
})

it.each([
  ['openbao', 'no address', { FREEHOLD_OPENBAO_TOKEN: 't' }, 'URL: the vault "openbao" needs its address'],
  ['openbao', 'no token', { FREEHOLD_OPENBAO_URL: 'http://bao' }, 'TOKEN: the vault "openbao" needs it or'],
  ['openbao-transit', 'no address', { FREEHOLD_OPENBAO_TOKEN: 't' }, 'URL: the vault "openbao-transit" needs'],
  ['openbao-transit', 'such a prefix', { FREEHOLD_OPENBAO_KEY_PREFIX: 'a/b' }, 'KEY_PREFIX: must be the beginning'],
])('is refused as %s with %s', (vault, _, settings, problem) => {
  expect(() => vaultOf({ FREEHOLD_VAULT: vault, ...settings })).toThrow(`FREEHOLD_OPENBAO_${problem}`)
})
