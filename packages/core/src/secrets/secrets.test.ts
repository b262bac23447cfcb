import { FreeholdError } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { putConnection } from '../connections/connections.ts'
import type { Caller } from '../identity/caller.ts'
import { deleteSecret, getSecret, listSecrets, putSecret } from './secrets.ts'
import type { Vault } from './vault.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

/** A caller whose vault is cut off at one of its verbs. */
function cutOffAt(verb: 'put' | 'delete'): Caller {
  const away = () => Promise.reject(new FreeholdError('unavailable', 'The vault is away.'))
  const vault: Vault = { ...on.platform.vault, [verb]: away }
  return { ...on.caller(on.acme), platform: { ...on.platform, vault } }
}
const rowsOf = (name: string) => on.asSuperuser('select 1 from secrets where name = $1', [name])
const valuesOfAcme = () => on.asSuperuser('select 1 from secret_values where tenant_id = $1', [on.acme.id])

it('a secret whose value could not be stored is not there, and can be set again', async () => {
  const caller = on.caller(on.acme)
  await expect(putSecret(cutOffAt('put'), 'new', { value: 'x' })).rejects.toMatchObject({ code: 'unavailable' })
  await expect(getSecret(caller, 'new')).rejects.toMatchObject({ code: 'not_found' })
  expect((await listSecrets(caller, { limit: 10 })).items).toEqual([])
  const connection = { kind: 'http', secret: 'new', origin: 'https://api.invalid', header: 'authorization' } as const
  await expect(putConnection(caller, 'early', connection)).rejects.toMatchObject({ code: 'not_found' })
  expect(await putSecret(caller, 'new', { value: 'x' })).toMatchObject({ version: 1 })
  expect(await putSecret(caller, 'new', { value: 'y' })).toMatchObject({ version: 2 })
  await deleteSecret(caller, 'new')
})

it('no value is in use that the audit trail does not know of, also when the process dies behind the vault', async () => {
  const caller = on.caller(on.acme)
  const { vault } = on.platform
  const dying: Vault = {
    ...vault,
    async put(secret, value) {
      await vault.put(secret, value)
      throw new Error('the process has died')
    },
  }
  await putSecret(caller, 'audited', { value: 'x' })
  const dyingCaller = { ...caller, platform: { ...on.platform, vault: dying }, requestId: 'the last' }
  await expect(putSecret(dyingCaller, 'audited', { value: 'y' })).rejects.toThrow('has died')
  const entries = await on.asSuperuser('select action, before from audit_entries where request_id = $1', ['the last'])
  expect(entries).toEqual([{ action: 'secret.set-begun', before: { version: 1 } }])
  await deleteSecret(caller, 'audited')
})

it('a deletion that was cut off leaves a secret that nobody sees, and is finished by the next', async () => {
  const caller = on.caller(on.acme)
  await putSecret(caller, 'old', { value: 'x' })
  await expect(deleteSecret(cutOffAt('delete'), 'old')).rejects.toMatchObject({ code: 'unavailable' })
  await expect(getSecret(caller, 'old')).rejects.toMatchObject({ code: 'not_found' })
  expect([await rowsOf('old'), await valuesOfAcme()]).toMatchObject([[{}], [{}]])
  await deleteSecret(caller, 'old')
  expect([await rowsOf('old'), await valuesOfAcme()]).toEqual([[], []])

  await putSecret(caller, 'old', { value: 'x' })
  await expect(deleteSecret(cutOffAt('delete'), 'old')).rejects.toMatchObject({ code: 'unavailable' })
  expect(await putSecret(caller, 'old', { value: 'y' })).toMatchObject({ version: 1 })
  expect(await valuesOfAcme()).toHaveLength(1)
  await deleteSecret(caller, 'old')
})

it('a value that is stored when its secret has been deleted goes, too', async () => {
  const caller = on.caller(on.acme)
  await putSecret(caller, 'late', { value: 'x' })
  const { vault } = on.platform
  const slow: Vault = {
    ...vault,
    async put(secret, value) {
      await deleteSecret(caller, 'late')
      return vault.put(secret, value)
    },
  }
  const setting = putSecret({ ...caller, platform: { ...on.platform, vault: slow } }, 'late', { value: 'y' })
  await expect(setting).rejects.toMatchObject({ code: 'conflict' })
  expect([await rowsOf('late'), await valuesOfAcme()]).toEqual([[], []])
})

it('a value that is set while its secret is deleted does not outlive it', async () => {
  const caller = on.caller(on.acme)
  for (let round = 0; round < 10; round++) {
    await putSecret(caller, 'raced', { value: 'x' })
    const [, set] = await Promise.allSettled([
      deleteSecret(caller, 'raced'),
      putSecret(caller, 'raced', { value: 'y' }),
    ])
    if (set.status === 'rejected') expect(set.reason).toMatchObject({ code: 'conflict' })
    const [rows, values] = [await rowsOf('raced'), await valuesOfAcme()]
    expect(values.length).toBe(rows.length)
    if (rows.length > 0) await deleteSecret(caller, 'raced')
  }
})
