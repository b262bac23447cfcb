import { FreeholdError } from '@freehold/contracts'

/** Which object, and on whose ground. A key is folders and a name with an ending: `audit/1.jsonl`. */
export interface ObjectRef {
  tenantId: string
  key: string
}

/**
 * Where files of tenants are kept, as `tenants/<tenant>/<key>`: under another tenant's id there is nothing. They are read and
 * written as a whole. May do I/O, so nobody calls it inside of a transaction that others wait for.
 */
export interface ObjectStore {
  readonly kind: 'folder' | 's3'
  /** Stores it in place of the one before, which is there, whole, until this one is. */
  put(object: ObjectRef, bytes: Uint8Array): Promise<void>
  /** Stores what is to stay as it is. False when there is one of this key already; of several at once one is stored. */
  putOnce(object: ObjectRef, bytes: Uint8Array): Promise<boolean>
  /** Undefined when there is none. */
  get(object: ObjectRef): Promise<Uint8Array | undefined>
  /** The keys in a folder (`audit/`; all of the tenant's when it is empty), in the order of their characters, after one. */
  list(tenantId: string, folder: string, after?: string): AsyncIterable<string>
  /** Leaves no version behind. Where there is none it does nothing. */
  delete(object: ObjectRef): Promise<void>
  /** Deletes everything of a tenant, with every version. False when there was not the time for all, by the clock of `Date`. */
  deleteAll(tenantId: string, untilMs: number): Promise<boolean>
}

export const maxObjectBytes = 64 * 1024 * 1024
const maxKeyLength = 200
const tenantPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const folderPattern = /^([a-z0-9-]+\/)*$/
// A folder has no dot and a name has one, so nothing is both; lower case, since some disks don't tell the cases apart.
const keyPattern = /^([a-z0-9-]+\/)+[a-z0-9_-]+(\.[a-z0-9_-]+)+$/

export function isObjectKey(key: string): boolean {
  return key.length <= maxKeyLength && keyPattern.test(key)
}

/** Where an object is in a store. Throws for what is no id of a tenant and no key, so that nothing leads elsewhere. */
export function pathOf({ tenantId, key }: ObjectRef): string {
  if (!isObjectKey(key)) {
    throw new FreeholdError('invalid_request', 'key: must be folders and a name with an ending, in lower case')
  }
  return `${groundOf(tenantId)}${key}`
}

/** Where the objects of a tenant are, or those in one of its folders. */
export function groundOf(tenantId: string, folder = ''): string {
  if (!tenantPattern.test(tenantId)) throw new FreeholdError('invalid_request', 'tenant: must be its id')
  if (!folderPattern.test(folder)) throw new FreeholdError('invalid_request', 'folder: must be names that end with /')
  return `tenants/${tenantId}/${folder}`
}

export function assertSize(bytes: Uint8Array): void {
  if (bytes.byteLength <= maxObjectBytes) return
  throw new FreeholdError('payload_too_large', `An object can have ${maxObjectBytes} bytes at the most.`)
}

export async function countObjects(objects: ObjectStore, tenantId: string): Promise<number> {
  let count = 0
  for await (const _ of objects.list(tenantId, '')) count += 1
  return count
}
