import { join } from 'node:path'
import { createFolderObjects, createS3Objects, type ObjectStore } from '@freehold/core'
import { asSuperuser, type Cluster, findMoto, spawnServer, startCluster, startMoto, waitFor } from '@freehold/testkit'
import { describe, expect, test } from 'vitest'

const program = findMoto()
const archiving = { FREEHOLD_AUDIT_ARCHIVE: 'on', FREEHOLD_AUDIT_ARCHIVE_SECONDS: '1' }

interface Store {
  env: Record<string, string>
  objects: ObjectStore
}

async function tenantOf({ client }: Cluster): Promise<string> {
  return (await client.whoami()).tenant?.id ?? ''
}

async function segmentsOf(objects: ObjectStore, tenantId: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of objects.list(tenantId, 'audit/')) keys.push(key)
  return keys
}

let made = 0
async function change({ client }: Cluster, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    made += 1
    await client.createBudget({ body: { name: `budget ${made}`, period: 'day', limitNanos: 1 } })
  }
}

const verify = ({ client }: Cluster) => client.verifyAudit({ query: {} })
/** Until all that is there is archived. */
const settle = ({ client }: Cluster) =>
  waitFor(async () => (await client.getAuditArchive()).waiting === 0, { timeoutMs: 60_000, what: 'the archive' })

/** Changes go on, and of two api processes one is killed again and again: nothing is missing at the end. */
async function surviveKills(cluster: Cluster, { env, objects }: Store): Promise<void> {
  const tenantId = await tenantOf(cluster)
  const settings = { DATABASE_URL: cluster.databaseUrl, ...env }
  for (let round = 0; round < 2; round++) {
    await using other = await spawnServer({ target: 'api', dataDir: cluster.api.dataDir, env: settings })
    await other.ready()
    const before = (await segmentsOf(objects, tenantId)).length
    const changing = change(cluster, 60)
    await waitFor(async () => (await segmentsOf(objects, tenantId)).length > before, { timeoutMs: 60_000 })
    await other.kill('SIGKILL')
    await changing
    await cluster.restartApi('SIGKILL')
  }
  await settle(cluster)
  const { ok, archive, head } = await verify(cluster)
  expect({ ok, archive }).toMatchObject({ ok: true, archive: { store: objects.kind, firstSeq: 1, problem: null } })
  expect(archive?.lastSeq).toBe(head?.seq)
}

/** Whoever edits a segment or a row is found out. */
async function findTampering(cluster: Cluster, { objects }: Store): Promise<void> {
  const tenantId = await tenantOf(cluster)
  const [key = ''] = await segmentsOf(objects, tenantId)
  const before = (await objects.get({ tenantId, key })) ?? Buffer.of()
  const edited = Buffer.from(before).toString().replace('"agent.created"', '"agent.changed"')
  expect(edited).not.toBe(Buffer.from(before).toString())
  await objects.put({ tenantId, key }, Buffer.from(edited))
  expect(await verify(cluster)).toMatchObject({ ok: false, problem: null, archive: { problem: { segment: key } } })
  await objects.put({ tenantId, key }, before)
  expect(await verify(cluster)).toMatchObject({ ok: true })
  await asSuperuser(
    cluster.databaseUrl,
    `set session_replication_role = replica;
     update audit_entries set actor_name = 'nobody' where tenant_id = '${tenantId}' and seq = 2`,
  )
  expect(await verify(cluster)).toMatchObject({ ok: false, problem: { seq: 2 }, archive: { problem: null } })
}

describe('the archive of real processes', () => {
  test('in a folder', { timeout: 180_000 }, async () => {
    await using cluster = await startCluster({ workers: 0, env: archiving })
    const store = { env: archiving, objects: createFolderObjects(join(cluster.api.dataDir, 'objects')) }
    await surviveKills(cluster, store)
    await findTampering(cluster, store)
  })

  test.skipIf(program === undefined)('in a bucket, which is away at first', { timeout: 180_000 }, async () => {
    await using moto = await startMoto(program ?? '')
    const env = {
      ...archiving,
      FREEHOLD_OBJECTS: 's3',
      FREEHOLD_S3_BUCKET: 'audit',
      FREEHOLD_S3_ENDPOINT: moto.url,
      FREEHOLD_S3_ACCESS_KEY_ID: 'test',
      FREEHOLD_S3_SECRET_ACCESS_KEY: 'test',
    }
    await using cluster = await startCluster({ workers: 0, env })
    await waitFor(() => cluster.api.logs().includes('archiving the audit chains failed'))
    await expect(cluster.client.getAuditArchive()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('NoSuchBucket'),
    })
    await fetch(`${moto.url}/audit`, { method: 'PUT' })
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const client = { region: 'us-east-1', endpoint: moto.url, credentials, forcePathStyle: true }
    const store = { env, objects: createS3Objects({ bucket: 'audit', client }) }
    await surviveKills(cluster, store)
    await findTampering(cluster, store)
  })
})
