import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findMoto, startMoto } from '@freehold/testkit'
import { expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { openObjects } from './objects.ts'

const moto = findMoto()
const object = () => ({ tenantId: randomUUID(), key: 'files/x.txt' })
const inBucket = { FREEHOLD_OBJECTS: 's3', FREEHOLD_S3_BUCKET: 'ours' }

it('is a folder of the data folder when nothing is set', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'freehold-data-'))
  const [store, { tenantId, key }] = [openObjects(readConfig({ FREEHOLD_DATA_DIR: dataDir }, 'api')), object()]
  await store.put({ tenantId, key }, Buffer.from('kept'))
  expect(store.kind).toBe('folder')
  expect(await readFile(join(dataDir, 'objects', 'tenants', tenantId, key), 'utf8')).toBe('kept')
  await rm(dataDir, { recursive: true })
})

it.skipIf(moto === undefined)('is a bucket of whoever speaks S3', async () => {
  await using server = await startMoto(moto ?? '')
  await fetch(`${server.url}/ours`, { method: 'PUT' })
  const settings = {
    ...inBucket,
    FREEHOLD_S3_ENDPOINT: server.url,
    FREEHOLD_S3_PREFIX: 'cell-1',
    FREEHOLD_S3_ACCESS_KEY_ID: 'test',
    FREEHOLD_S3_SECRET_ACCESS_KEY: 'test',
  }
  const storeWith = (more: Record<string, string>) => openObjects(readConfig({ ...settings, ...more }, 'api'))
  const [store, ref] = [storeWith({}), object()]
  await store.put(ref, Buffer.from('kept'))
  expect(store.kind).toBe('s3')
  expect(Buffer.from((await storeWith({}).get(ref)) ?? '').toString()).toBe('kept')
  expect(await storeWith({ FREEHOLD_S3_PREFIX: 'cell-2' }).get(ref)).toBeUndefined()
})

it('addresses a server of others by paths, and in the region that most have', () => {
  const endpoint = { FREEHOLD_S3_ENDPOINT: 'http://minio:9000' }
  expect(readConfig({ ...inBucket, ...endpoint }, 'api').objects).toMatchObject({
    pathStyle: true,
    region: 'us-east-1',
  })
  const told = { ...inBucket, ...endpoint, FREEHOLD_S3_PATH_STYLE: 'off', FREEHOLD_S3_REGION: 'eu-1' }
  expect(readConfig(told, 'api').objects).toMatchObject({ pathStyle: false, region: 'eu-1' })
  expect(readConfig(inBucket, 'api').objects).toMatchObject({ pathStyle: false, region: undefined })
})

it('prints no secret', () => {
  const keys = { FREEHOLD_S3_ACCESS_KEY_ID: 'id', FREEHOLD_S3_SECRET_ACCESS_KEY: 'a-secret-key' }
  expect(JSON.stringify(readConfig({ ...inBucket, ...keys }, 'api'))).not.toContain('a-secret-key')
})

it.each([
  ['a folder', {}, undefined],
  ['a folder, when that is wished', { FREEHOLD_AUDIT_ARCHIVE: 'on' }, 3_600_000],
  ['a bucket', inBucket, 3_600_000],
  ['a bucket, as often as is wished', { ...inBucket, FREEHOLD_AUDIT_ARCHIVE_SECONDS: '60' }, 60_000],
  ['a bucket, unless that is not wished', { ...inBucket, FREEHOLD_AUDIT_ARCHIVE: 'off' }, undefined],
])('audit trails are archived in %s or not', (_, settings, afterMs) => {
  expect(readConfig(settings, 'api').auditArchive?.afterMs).toBe(afterMs)
})

it.each([
  ['no bucket', { FREEHOLD_OBJECTS: 's3' }, 'FREEHOLD_S3_BUCKET: the object store "s3" needs the name'],
  ['a bucket for a folder', { FREEHOLD_S3_BUCKET: 'ours' }, 'FREEHOLD_S3_BUCKET: is for FREEHOLD_OBJECTS=s3'],
  ['half of a key', { ...inBucket, FREEHOLD_S3_ACCESS_KEY_ID: 'id' }, 'FREEHOLD_S3_ACCESS_KEY_ID: goes with'],
  ['a prefix that leads out', { ...inBucket, FREEHOLD_S3_PREFIX: '/x' }, 'FREEHOLD_S3_PREFIX: must be names'],
  ['a lock of no days', { ...inBucket, FREEHOLD_S3_LOCK_DAYS: '0' }, 'FREEHOLD_S3_LOCK_DAYS'],
])('is refused with %s', (_, settings, problem) => {
  expect(() => readConfig(settings, 'api')).toThrow(problem)
})
