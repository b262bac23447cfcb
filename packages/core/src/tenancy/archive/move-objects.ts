import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FreeholdError } from '@freehold/contracts'
import type { ObjectStore } from '../../objects/object-store.ts'
import { type ArchivedFile, type ArchivedObject, isMoving, objectsFile } from './format.ts'

/** Where an object is while the archive is made or read: under a name of ours, whatever it is called. */
export function pathOfObject(folder: string, index: number): string {
  return join(folder, `object-${index}`)
}

/** Copies the objects of a tenant into a folder, and lists them in a file there. */
export async function dumpObjects(
  objects: ObjectStore,
  tenantId: string,
  folder: string,
): Promise<{ file: ArchivedFile; listed: ArchivedObject[] }> {
  const listed: ArchivedObject[] = []
  for await (const key of objects.list(tenantId, '')) {
    const bytes = isMoving(key) ? await objects.get({ tenantId, key }) : undefined
    if (!bytes) continue
    await writeFile(pathOfObject(folder, listed.length), bytes, { mode: 0o600 })
    listed.push({ key, bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') })
  }
  const text = Buffer.from(listed.map((line) => `${JSON.stringify(line)}\n`).join(''))
  await writeFile(join(folder, objectsFile), text, { mode: 0o600 })
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { file: { name: objectsFile, rows: listed.length, bytes: text.byteLength, sha256, columns: [] }, listed }
}

/**
 * Puts the objects of an archive where those of the tenant are: all, or none. Within the transaction that inserts the tenant,
 * so that no other import of it does the same.
 */
export async function putObjects(
  objects: ObjectStore,
  tenantId: string,
  listed: readonly ArchivedObject[],
  folder: string,
): Promise<void> {
  for await (const _ of objects.list(tenantId, '')) {
    throw new FreeholdError(
      'conflict',
      'The object store has files of this tenant already: of another installation, which needs a bucket or a prefix of its own, or of an import that broke off. Remove them first.',
    )
  }
  try {
    for (const [index, { key }] of listed.entries()) {
      await objects.put({ tenantId, key }, await readFile(pathOfObject(folder, index)))
    }
  } catch (error) {
    await objects.deleteAll(tenantId, Number.POSITIVE_INFINITY).catch(() => {})
    throw error
  }
}
