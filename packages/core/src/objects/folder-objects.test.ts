import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFolderObjects } from './folder-objects.ts'
import { describeObjectStore, keysOf } from './object-store-contract.fixture.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'freehold-objects-'))
})
afterAll(() => rm(root, { recursive: true }))

describeObjectStore('folder', () => createFolderObjects(root))

const bytes = Buffer.from('content')

test('the files are for the server alone, and nothing else is left beside them', async () => {
  const tenantId = randomUUID()
  await createFolderObjects(root).put({ tenantId, key: 'files/x.txt' }, bytes)
  expect((await stat(join(root, 'tenants', tenantId, 'files', 'x.txt'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(root, 'tenants', tenantId))).mode & 0o777).toBe(0o700)
  expect(await readdir(join(root, 'drafts'))).toEqual([])
})

test('an object is whole, whenever the process that puts it is killed', async () => {
  const object = { tenantId: randomUUID(), key: 'files/torn.txt' }
  const writer = join(import.meta.dirname, 'folder-writer.fixture.ts')
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [writer, root, object.tenantId, object.key])
    await once(child.stdout, 'data')
    // In the middle of a write.
    await waitFor(async () => (await readdir(join(root, 'drafts'))).some((name) => name.startsWith(object.tenantId)))
    child.kill('SIGKILL')
    await once(child, 'close')
    const found = Buffer.from((await createFolderObjects(root).get(object)) ?? '')
    expect(['a', 'b'].map((letter) => Buffer.alloc(4_000_000, letter)).some((whole) => whole.equals(found))).toBe(true)
    await createFolderObjects(root).deleteAll(object.tenantId, Number.POSITIVE_INFINITY)
  }
})

test('what a process that died left is no object, and goes in time or with its tenant', async () => {
  const [tenantId, other] = [randomUUID(), randomUUID()]
  const draft = join(root, 'drafts', `${tenantId}.${randomUUID()}`)
  const old = join(root, 'drafts', `${other}.${randomUUID()}`)
  await mkdir(join(root, 'drafts'), { recursive: true })
  for (const path of [draft, old]) await writeFile(path, 'half of somethi')
  await utimes(old, new Date(0), new Date(0))
  const store = createFolderObjects(root)
  await store.put({ tenantId, key: 'files/x.txt' }, bytes)
  expect(await readdir(join(root, 'drafts'))).toEqual([draft.split('/').at(-1)])
  expect(await keysOf(store, tenantId)).toEqual(['files/x.txt'])
  await store.deleteAll(tenantId, Number.POSITIVE_INFINITY)
  expect(await readdir(join(root, 'drafts'))).toEqual([])
})

test('what somebody else put there is no object', async () => {
  const tenantId = randomUUID()
  const folder = join(root, 'tenants', tenantId, 'files')
  await mkdir(join(folder, 'of.them'), { recursive: true })
  for (const name of ['.DS_Store', 'Thumbs.db', 'of.them/x.txt']) await writeFile(join(folder, name), 'x')
  expect(await keysOf(createFolderObjects(root), tenantId)).toEqual([])
})

test('a disk that can not be used is told as such, without its paths', async () => {
  await writeFile(join(root, 'a-file'), '')
  const store = createFolderObjects(join(root, 'a-file'))
  const failure = await store
    .put({ tenantId: randomUUID(), key: 'files/x.txt' }, bytes)
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining('ENOTDIR') })
  expect(String(failure)).not.toContain(root)
})
