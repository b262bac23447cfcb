import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { findMoto, type MotoServer, startMoto } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ObjectStore } from './object-store.ts'
import { describeObjectStore, keysOf } from './object-store-contract.fixture.ts'
import { createS3Objects, type S3Config } from './s3-objects.ts'

const program = findMoto()
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const forGood = Number.POSITIVE_INFINITY
const bytes = Buffer.from('content')
const newObject = () => ({ tenantId: randomUUID(), key: 'files/x.txt' })
const clientAt = (endpoint: string) => ({
  region: 'eu-central-1',
  endpoint,
  credentials,
  forcePathStyle: true,
})
const storeAt = (endpoint: string, config: Partial<S3Config> = {}) =>
  createS3Objects({ bucket: 'plain', client: clientAt(endpoint), ...config })

/** A server that the test is the other side of. */
async function listen(answer?: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, server }
}

describe.skipIf(program === undefined)('with a server that speaks its protocol', () => {
  let moto: MotoServer
  beforeAll(async () => {
    moto = await startMoto(program ?? '')
    const { CreateBucketCommand, PutBucketVersioningCommand, S3Client } = await import('@aws-sdk/client-s3')
    const client = new S3Client(clientAt(moto.url))
    const place = { CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' as const } }
    for (const Bucket of ['plain', 'versioned']) await client.send(new CreateBucketCommand({ Bucket, ...place }))
    await client.send(new CreateBucketCommand({ Bucket: 'locked', ...place, ObjectLockEnabledForBucket: true }))
    const VersioningConfiguration = { Status: 'Enabled' as const }
    await client.send(new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration }))
  })
  afterAll(() => moto[Symbol.asyncDispose]())

  const inBucket = (bucket: string, config: Partial<S3Config> = {}) => storeAt(moto.url, { bucket, ...config })
  /** Every name in a bucket, of versions that are not the newest, too. */
  async function everything(Bucket: string): Promise<string[]> {
    const { ListObjectVersionsCommand, S3Client } = await import('@aws-sdk/client-s3')
    const client = new S3Client(clientAt(moto.url))
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }))
    return [...Versions, ...DeleteMarkers].map(({ Key = '' }) => Key)
  }

  describeObjectStore('s3', () => inBucket('plain', { prefix: 'freehold/' }))
  describeObjectStore('s3 with versions', () => inBucket('versioned'))

  it('has its objects below the prefix, and leaves those of others alone', async () => {
    const object = newObject()
    const [ours, theirs] = [inBucket('plain', { prefix: 'ours/' }), inBucket('plain', { prefix: 'theirs/' })]
    await ours.put(object, bytes)
    await theirs.put(object, bytes)
    expect(await everything('plain')).toContain(`ours/tenants/${object.tenantId}/files/x.txt`)
    await ours.deleteAll(object.tenantId, forGood)
    expect(await theirs.get(object)).toBeDefined()
  })

  it('lists more than come at once', async () => {
    const [store, { tenantId }] = [inBucket('plain'), newObject()]
    const keys = Array.from({ length: 1_010 }, (_, count) => `many/${count + 10_000}.txt`)
    for (let from = 0; from < keys.length; from += 20) {
      await Promise.all(keys.slice(from, from + 20).map((key) => store.put({ tenantId, key }, bytes)))
    }
    expect(await keysOf(store, tenantId, 'many/')).toEqual(keys)
    expect(await store.deleteAll(tenantId, forGood)).toBe(true)
    expect(await keysOf(store, tenantId)).toEqual([])
  })

  it('leaves no version behind of what is deleted', async () => {
    const [store, object] = [inBucket('versioned'), newObject()]
    for (const content of ['one', 'two']) await store.put(object, Buffer.from(content))
    await store.put({ ...object, key: 'files/y.txt' }, bytes)
    const ofTenant = async () => (await everything('versioned')).filter((name) => name.includes(object.tenantId))
    await store.delete(object)
    expect(await ofTenant()).toEqual([`tenants/${object.tenantId}/files/y.txt`])
    await store.deleteAll(object.tenantId, forGood)
    expect(await ofTenant()).toEqual([])
  })

  it('says that there was not the time to delete everything, and goes on when it is asked again', async () => {
    const [store, { tenantId }] = [inBucket('plain'), newObject()]
    for (let count = 0; count < 20; count++) await store.put({ tenantId, key: `files/${count}.txt` }, bytes)
    expect(await store.deleteAll(tenantId, 0)).toBe(false)
    expect((await keysOf(store, tenantId)).length).toBeLessThan(20)
    while (!(await store.deleteAll(tenantId, 0)));
    expect(await keysOf(store, tenantId)).toEqual([])
  })

  it('locks what is stored once, and says until when it can not be deleted', async () => {
    const store = inBucket('locked', { lock: { mode: 'COMPLIANCE', days: 30 } })
    const object = newObject()
    await store.putOnce(object, bytes)
    const until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
    for (const work of [() => store.delete(object), () => store.deleteAll(object.tenantId, forGood)]) {
      await expect(work()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(until) })
    }
    expect(await store.get(object)).toBeDefined()
  })

  it('deletes what comes behind what is locked, however little time there is', async () => {
    const store = inBucket('locked', { lock: { mode: 'GOVERNANCE', days: 30 } })
    const { tenantId } = newObject()
    const locked = Array.from({ length: 20 }, (_, count) => `audit/${count + 10}.jsonl`)
    for (const key of locked) await store.putOnce({ tenantId, key }, bytes)
    for (const key of ['files/x.txt', 'files/y.txt']) await store.put({ tenantId, key }, bytes)
    await expect(store.deleteAll(tenantId, forGood)).rejects.toMatchObject({ code: 'conflict' })
    expect(await keysOf(store, tenantId)).toEqual(locked)
    await store.put({ tenantId, key: 'files/z.txt' }, bytes)
    expect(await store.deleteAll(tenantId, 0)).toBe(false)
    expect(await keysOf(store, tenantId)).toEqual(locked)
  })

  it('locks nothing that may be replaced', async () => {
    const store = inBucket('locked', { lock: { mode: 'GOVERNANCE', days: 30 } })
    const object = newObject()
    await store.put(object, bytes)
    await store.delete(object)
    expect(await store.get(object)).toBeUndefined()
  })

  it('encrypts with the key of KMS that it is told', async () => {
    const object = newObject()
    await inBucket('plain', { kmsKey: 'alias/ours' }).put(object, bytes)
    const { HeadObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
    const head = new HeadObjectCommand({ Bucket: 'plain', Key: `tenants/${object.tenantId}/${object.key}` })
    expect(await new S3Client(clientAt(moto.url)).send(head)).toMatchObject({
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: expect.stringContaining('alias/ours'),
    })
  })

  it('a bucket that is not there is told as such', async () => {
    await expect(inBucket('missing').get(newObject())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('NoSuchBucket'),
    })
  })

  describe('in a store that knows no versions', () => {
    let front: Awaited<ReturnType<typeof listen>>
    beforeAll(async () => {
      front = await listen(async (request, response) => {
        if (request.url?.includes('?versions')) {
          response.writeHead(501).end('<Error><Code>NotImplemented</Code></Error>')
          return
        }
        const body = await buffer(request)
        const headers = new Headers(
          Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.[0] ?? '']),
        )
        headers.delete('content-length')
        const { method = 'GET', url = '' } = request
        const answer = await fetch(`${moto.url}${url}`, {
          method,
          headers,
          ...(method === 'PUT' && { body }),
        })
        response.writeHead(
          answer.status,
          [...answer.headers.entries()].filter(([name]) => !/encoding|length/.test(name)).flat(),
        )
        response.end(Buffer.from(await answer.arrayBuffer()))
      })
    })
    afterAll(() => front.server.close())

    it('deletes all the same', async () => {
      const [store, object]: [ObjectStore, ReturnType<typeof newObject>] = [storeAt(front.url), newObject()]
      for (const key of ['files/x.txt', 'files/y.txt', 'files/z.txt']) await store.put({ ...object, key }, bytes)
      await store.delete(object)
      expect(await keysOf(store, object.tenantId)).toEqual(['files/y.txt', 'files/z.txt'])
      expect(await store.deleteAll(object.tenantId, forGood)).toBe(true)
      expect(await keysOf(store, object.tenantId)).toEqual([])
    })
  })
})

it('a store that is away is told as such, without what was sent', async () => {
  const client = { ...clientAt('http://127.0.0.1:1'), maxAttempts: 1 }
  const failure = await createS3Objects({ bucket: 'plain', client })
    .put(newObject(), Buffer.from('a value'))
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining('ECONNREFUSED') })
  expect(String(failure)).not.toContain('a value')
})

it('lists on behind a page that is empty', async () => {
  const { tenantId, key } = newObject()
  const { url, server } = await listen((request, response) => {
    const token = new URL(request.url ?? '', url).searchParams.get('continuation-token')
    const page =
      token === 'on'
        ? `<IsTruncated>false</IsTruncated><Contents><Key>tenants/${tenantId}/${key}</Key></Contents>`
        : '<IsTruncated>true</IsTruncated><NextContinuationToken>on</NextContinuationToken>'
    response.setHeader('content-type', 'application/xml').end(`<ListBucketResult>${page}</ListBucketResult>`)
  })
  expect(await keysOf(storeAt(url), tenantId)).toEqual([key])
  server.closeAllConnections()
  server.close()
})

it.each([
  ['never answers', undefined],
  [
    'begins to answer, and stops',
    ((_, response) => response.writeHead(200, { 'content-length': 9 }).write('x')) as RequestListener,
  ],
])('a store that %s is not waited for', async (_, answer) => {
  const { url, server } = await listen(answer)
  const store = storeAt(url, { timeoutMs: 50 })
  const object = newObject()
  const list = () => keysOf(store, object.tenantId)
  for (const work of [() => store.get(object), list, () => store.delete(object)]) {
    await expect(work()).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  }
  server.closeAllConnections()
  server.close()
})
