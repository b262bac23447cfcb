import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { countObjects, maxObjectBytes, type ObjectStore } from './object-store.ts'

const forGood = Number.POSITIVE_INFINITY
const newTenant = () => randomUUID()
const bytes = (text: string) => Buffer.from(text)

/** Every key of a tenant, or of one of its folders. */
export async function keysOf(store: ObjectStore, tenantId: string, folder = '', after?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.list(tenantId, folder, after)) keys.push(key)
  return keys
}

async function read(store: ObjectStore, tenantId: string, key: string): Promise<string | undefined> {
  const found = await store.get({ tenantId, key })
  return found && Buffer.from(found).toString()
}

/** What every object store keeps to. `open` gives one that is ready. */
export function describeObjectStore(name: string, open: () => ObjectStore): void {
  describeKeeping(name, open)
  describeKeys(name, open)
}

function describeKeeping(name: string, open: () => ObjectStore): void {
  describe(`the contract of object stores: ${name}`, () => {
    it('gives back what was put, byte for byte', async () => {
      const [store, tenantId] = [open(), newTenant()]
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      for (const content of [every, bytes('two\nlines\r\n'), bytes(''), Buffer.alloc(3_000_000, every)]) {
        await store.put({ tenantId, key: 'files/one.bin' }, content)
        expect(Buffer.from((await store.get({ tenantId, key: 'files/one.bin' })) ?? 'none').equals(content)).toBe(true)
      }
    })

    it('has nothing where nothing was put', async () => {
      const [store, tenantId] = [open(), newTenant()]
      expect(await store.get({ tenantId, key: 'files/none.txt' })).toBeUndefined()
      expect(await keysOf(store, tenantId)).toEqual([])
      await store.delete({ tenantId, key: 'files/none.txt' })
      expect(await store.deleteAll(tenantId, forGood)).toBe(true)
    })

    it('stores once what is to stay as it is', async () => {
      const [store, tenantId] = [open(), newTenant()]
      const object = { tenantId, key: 'files/once.txt' }
      expect(await store.putOnce(object, bytes('first'))).toBe(true)
      expect(await store.putOnce(object, bytes('second'))).toBe(false)
      expect(await read(store, tenantId, object.key)).toBe('first')
      await store.put(object, bytes('third'))
      expect(await read(store, tenantId, object.key)).toBe('third')
    })

    it('stores one, as a whole, of several that are put at once', async () => {
      const [store, tenantId] = [open(), newTenant()]
      const contents = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000))
      const put = (key: string) => contents.map((content) => store.put({ tenantId, key }, bytes(content)))
      await Promise.all(put('files/shared.txt'))
      expect(contents).toContain(await read(store, tenantId, 'files/shared.txt'))
    })

    it('lists what is in a folder and below, in order, after a key', async () => {
      const [store, tenantId] = [open(), newTenant()]
      const keys = ['a-b/1.txt', 'a/1.txt', 'a/10.txt', 'a/2.txt', 'a/b/1.txt', 'a/c-1.txt', 'b/1.txt']
      for (const key of keys.toReversed()) await store.put({ tenantId, key }, bytes(key))
      expect(await keysOf(store, tenantId)).toEqual(keys)
      expect(await keysOf(store, tenantId, 'a/')).toEqual(keys.filter((key) => key.startsWith('a/')))
      expect(await keysOf(store, tenantId, 'a/b/')).toEqual(['a/b/1.txt'])
      expect(await keysOf(store, tenantId, 'a/', 'a/10.txt')).toEqual(['a/2.txt', 'a/b/1.txt', 'a/c-1.txt'])
      expect(await keysOf(store, tenantId, '', 'b/1.txt')).toEqual([])
      expect(await countObjects(store, tenantId)).toBe(keys.length)
    })

    it('keeps the ground of each tenant apart, also under the same key', async () => {
      const [store, acme, globex] = [open(), newTenant(), newTenant()]
      const key = 'files/same.txt'
      await store.put({ tenantId: acme, key }, bytes('of acme'))
      expect(await store.get({ tenantId: globex, key })).toBeUndefined()
      await store.delete({ tenantId: globex, key })
      expect(await store.putOnce({ tenantId: globex, key }, bytes('of globex'))).toBe(true)
      expect(await read(store, acme, key)).toBe('of acme')
      expect(await store.deleteAll(acme, forGood)).toBe(true)
      expect(await store.get({ tenantId: acme, key })).toBeUndefined()
      expect(await read(store, globex, key)).toBe('of globex')
    })

    it('forgets what is deleted, and nothing beside it; deleting twice is no error', async () => {
      const [store, tenantId] = [open(), newTenant()]
      const object = { tenantId, key: 'files/gone.txt' }
      await store.put({ tenantId, key: 'files/gone.txt.gz' }, bytes('stays'))
      for (const content of ['first', 'second']) await store.put(object, bytes(content))
      await store.delete(object)
      await store.delete(object)
      expect(await keysOf(store, tenantId)).toEqual(['files/gone.txt.gz'])
      expect(await store.putOnce(object, bytes('again'))).toBe(true)
    })
  })
}

function describeKeys(name: string, open: () => ObjectStore): void {
  describe(`keys and grounds of an object store: ${name}`, () => {
    const elsewhere = ['../x.txt', 'a/../../x.txt', '/etc/x.txt', 'a//x.txt', 'a/./x.txt', 'a/.x', 'x.txt', 'a/x', 'a/']
    it.each([...elsewhere, 'a/x.txt\n', 'a/x\0.txt', 'a\\b/x.txt', 'A/x.txt', `a/${'x'.repeat(300)}.txt`, ''])(
      'has no object with the key %j',
      async (key) => {
        const [store, tenantId] = [open(), newTenant()]
        const work = [
          () => store.put({ tenantId, key }, bytes('x')),
          () => store.putOnce({ tenantId, key }, bytes('x')),
          () => store.get({ tenantId, key }),
          () => store.delete({ tenantId, key }),
        ]
        for (const attempt of work) await expect(attempt()).rejects.toMatchObject({ code: 'invalid_request' })
      },
    )

    it.each(['', '..', '../x', `${randomUUID()}/..`, randomUUID().toUpperCase(), '*'])(
      'has no ground of the tenant %j',
      async (tenantId) => {
        const store = open()
        await expect(store.put({ tenantId, key: 'a/x.txt' }, bytes('x'))).rejects.toMatchObject({
          code: 'invalid_request',
        })
        await expect(store.deleteAll(tenantId, forGood)).rejects.toMatchObject({ code: 'invalid_request' })
        await expect(keysOf(store, tenantId)).rejects.toMatchObject({ code: 'invalid_request' })
      },
    )

    it.each(['..', '../', 'a', 'a/../', '/', '.'])('lists no folder %j', async (folder) => {
      await expect(keysOf(open(), newTenant(), folder)).rejects.toMatchObject({ code: 'invalid_request' })
    })

    it('takes nothing larger than it would give back', async () => {
      const tooMuch = new Uint8Array(maxObjectBytes + 1)
      const putting = open().put({ tenantId: newTenant(), key: 'a/x.bin' }, tooMuch)
      await expect(putting).rejects.toMatchObject({ code: 'payload_too_large' })
    })
  })
}
