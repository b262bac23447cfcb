import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FreeholdError } from '@freehold/contracts'
import { assertSize, groundOf, isObjectKey, type ObjectRef, type ObjectStore, pathOf } from './object-store.ts'

/** By then whoever wrote a draft is dead. */
const draftMs = 3_600_000

/** Objects as files below a folder of this host. A process that dies while it writes leaves a draft, which is no object. */
export function createFolderObjects(root: string): ObjectStore {
  const drafts = join(root, 'drafts')
  const fileOf = (object: ObjectRef) => join(root, pathOf(object))
  let swept: Promise<void> | undefined

  /** Has `place` give the bytes, once they are on the disk, their name. */
  async function store(object: ObjectRef, bytes: Uint8Array, place: (draft: string, path: string) => Promise<void>) {
    assertSize(bytes)
    const path = fileOf(object)
    // What keeps it from this keeps it from the next step, too.
    swept ??= sweep(drafts).catch(() => {})
    await swept
    const draft = join(drafts, `${object.tenantId}.${randomUUID()}`)
    try {
      await writeDraft(draft, bytes)
      const created = await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await place(draft, path)
      await syncFolders(dirname(path), created ? dirname(created) : dirname(path))
    } finally {
      await rm(draft, { force: true })
    }
  }

  return {
    kind: 'folder',
    put: (object, bytes) => translated(() => store(object, bytes, rename)),
    putOnce: (object, bytes) =>
      translated(async () => {
        try {
          await store(object, bytes, link)
          return true
        } catch (error) {
          if (codeOf(error) === 'EEXIST') return false
          throw error
        }
      }),
    get: (object) => translated(() => unlessMissing(readFile(fileOf(object)), undefined)),
    async *list(tenantId, folder, after = '') {
      const ground = groundOf(tenantId, folder).slice(0, -folder.length || undefined)
      for await (const key of walk(join(root, ground), folder)) if (key > after && isObjectKey(key)) yield key
    },
    delete: (object) => translated(() => rm(fileOf(object), { force: true })),
    deleteAll: (tenantId) =>
      translated(async () => {
        await rm(join(root, groundOf(tenantId)), { recursive: true, force: true })
        const left = (await readNames(drafts)).filter(({ name }) => name.startsWith(`${tenantId}.`))
        for (const { name } of left) await rm(join(drafts, name), { force: true })
        return true
      }),
  }
}

async function writeDraft(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Has the disk keep the names in a folder, and in those above it up to one. */
async function syncFolders(folder: string, top: string): Promise<void> {
  // Windows can't, and keeps them by itself.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (folder !== top) await syncFolders(dirname(folder), top)
}

async function sweep(drafts: string): Promise<void> {
  for (const { name } of await readNames(drafts)) {
    const path = join(drafts, name)
    const found = await unlessMissing(stat(path), undefined)
    if (found && found.mtimeMs < Date.now() - draftMs) await rm(path, { force: true })
  }
}

/** The keys in a folder and below, in the order that they have as a whole. */
async function* walk(ground: string, folder: string): AsyncGenerator<string> {
  const entries = await translated(() => readNames(join(ground, folder)))
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    if (name.endsWith('/')) yield* walk(ground, `${folder}${name}`)
    else yield `${folder}${name}`
  }
}

const readNames = (folder: string) => unlessMissing(readdir(folder, { withFileTypes: true }), [])

async function unlessMissing<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  return work.catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return otherwise
    throw error
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** The disk's errors, which name paths of this host, in words for others. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FreeholdError) throw error
    const message = `The object store (a folder of the server) can't be used (${codeOf(error)}). Try again in a moment.`
    throw new FreeholdError('unavailable', message, { cause: error, retryAfterSeconds: 2 })
  }
}
