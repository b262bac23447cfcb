import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { forgetTenant, saveTenant } from './save-tenant.ts'

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freehold-cli-'))
  path = join(folder, 'credentials.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const read = async () => JSON.parse(await readFile(path, 'utf8'))

it('adds the tenant, keeps everything else and leaves only the file, for its owner', async () => {
  const before = { url: 'http://x', operatorKey: 'fho_1', extra: [1], tenants: { acme: { id: '1', apiKey: 'a' } } }
  await writeFile(path, JSON.stringify(before), { mode: 0o644 })
  await saveTenant(path, 'globex', { id: '2', apiKey: 'b' })
  expect(await read()).toEqual({ ...before, tenants: { ...before.tenants, globex: { id: '2', apiKey: 'b' } } })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['credentials.json'])
})

it('forgets a tenant by its id, and nothing else', async () => {
  const before = { url: 'http://x', operatorKey: 'fho_1', tenants: { acme: { id: '1', apiKey: 'a' } } }
  await writeFile(path, JSON.stringify(before))
  await saveTenant(path, 'globex', { id: '2', apiKey: 'b' })
  await forgetTenant(path, '3')
  expect(await read()).toMatchObject({ tenants: { globex: { id: '2', apiKey: 'b' } } })
  await forgetTenant(path, '2')
  expect(await read()).toEqual(before)
})

it('loses no tenant when many are added at once', async () => {
  await writeFile(path, JSON.stringify({ url: 'http://x', tenants: {} }))
  const names = Array.from({ length: 12 }, (_, index) => `tenant-${index}`)
  await Promise.all(names.map((name) => saveTenant(path, name, { id: name, apiKey: 'k' })))
  expect(Object.keys((await read()).tenants).sort()).toEqual(names.toSorted())
})

it('leaves a file that it does not understand as it is', async () => {
  await writeFile(path, 'not json')
  await expect(saveTenant(path, 'globex', { id: '2', apiKey: 'b' })).rejects.toThrow('is not a credentials file')
  expect(await readFile(path, 'utf8')).toBe('not json')
  expect(await readdir(folder)).toEqual(['credentials.json'])
})
