import { createHash, createPublicKey } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { FreeholdError } from '@freehold/contracts'
import { type RawBuilder, sql } from 'kysely'
import { pack } from 'tar-stream'
import { type Anchors, newestOf, readAnchors } from '../../audit/anchors.ts'
import { verifyChain } from '../../audit/verify-audit.ts'
import type { Tx } from '../../db/database.ts'
import type { Caller } from '../../identity/caller.ts'
import { toWebStream } from '../../web-stream.ts'
import { readTenantTables } from '../tenant-tables.ts'
import { authorizeOnTenant, tenantNotFound } from '../tenants.ts'
import { type Column, readColumns } from './columns.ts'
import { type ArchivedFile, type ArchivedObject, archiveFormat, type Manifest, movingTables } from './format.ts'
import { leftBehind } from './left-behind.ts'
import { dumpObjects, pathOfObject } from './move-objects.ts'

const rowsAtOnce = 100

/**
 * Everything of a suspended tenant but values of secrets and keys, as a gzipped tar: `manifest.json`, then a file of JSON
 * Lines for each table, each after those that it refers to, then its files of the object store. They are on the disk before
 * the first byte is sent, so that the manifest can come first and no connection is held while somebody downloads. Whether the
 * audit chain was as it was is in the manifest: what is broken can be exported, and is not taken for whole.
 */
export async function exportTenant(
  caller: Caller,
  tenantId: string,
  anchors: Anchors,
): Promise<ReadableStream<Uint8Array>> {
  authorizeOnTenant(caller, 'platform:tenants:write')
  const { database, objects } = caller.platform
  const folder = await mkdtemp(join(tmpdir(), 'freehold-export-'))
  try {
    const { crv = '', kty = '', x = '' } = createPublicKey(anchors.privateKey).export({ format: 'jwk' })
    const { file, listed } = await dumpObjects(objects, tenantId, folder)
    // Before the chain that is exported, which may have grown.
    const { problem } = await verifyChain(database, tenantId, anchors)
    const newest = newestOf((await readAnchors(anchors, tenantId)).valid)
    // At one moment: a key goes on for some seconds where a gateway remembers it.
    const manifest = await database.snapshot(tenantId, async (tx): Promise<Manifest> => {
      const tenant = await assertAtRest(tx)
      const head = tx.selectFrom('audit_entries').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1)
      return {
        format: archiveFormat,
        exportedAt: new Date().toISOString(),
        tenant: { id: tenantId, ...tenant },
        auditHead: (await head.executeTakeFirst()) ?? null,
        auditAnchor: newest ?? null,
        auditProblem: problem,
        publicKey: { crv, kty, x },
        files: [...(await dumpTables(tx, folder)), file],
      }
    })
    return packArchive(manifest, listed, folder)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** A tenant that no worker is at, so that no run of it is cut in two. */
async function assertAtRest(tx: Tx): Promise<{ name: string; plan: string }> {
  const row = await tx.selectFrom('tenants').select(['name', 'plan', 'status', 'deletion']).executeTakeFirst()
  if (!row) throw tenantNotFound()
  if (row.deletion !== null)
    throw new FreeholdError('conflict', 'This tenant is being deleted: not all of it is there.')
  if (row.status !== 'suspended') {
    throw new FreeholdError('conflict', 'Suspend the tenant first, so that nothing changes while it is exported.')
  }
  const working = await tx
    .selectFrom('agent_runs')
    .select('id')
    .where('status', '=', 'running')
    .where('available_at', '>', sql<Date>`now()`)
    .limit(1)
    .executeTakeFirst()
  if (working) {
    throw new FreeholdError('conflict', 'A worker is still at a run of this tenant. Export it once that is done.', {
      retryable: true,
    })
  }
  return { name: row.name, plan: row.plan }
}

async function dumpTables(tx: Tx, folder: string): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = []
  for (const name of (await readTenantTables(tx)).filter((table) => movingTables.includes(table))) {
    const columns = await readColumns(tx, name)
    files.push(await dump(tx, folder, name, columns, selectLines(name, columns)))
  }
  for (const [name, select] of Object.entries(leftBehind)) files.push(await dump(tx, folder, name, [], select))
  return files
}

/** Rows as JSON, without the columns that are null: JSON's own null is a value of some. */
function selectLines(table: string, columns: readonly Column[]): RawBuilder<unknown> {
  const moving = columns.map(({ name }) => name)
  const present = moving.map((name) => sql`case when t.${sql.ref(name)} is not null then ${sql.lit(name)} end`)
  return sql`
    select (select coalesce(jsonb_object_agg(j.key, j.value), '{}') from jsonb_each(to_jsonb(t)) j
             where j.key = any (array[${sql.join(present)}]::text[]))::text as line
      from ${sql.table(table)} t where ${filters[table] ?? sql`true`} order by ${orders[table] ?? sql`t.*`}`
}

const filters: Record<string, RawBuilder<unknown>> = { resource_owners: sql`t.kind <> 'key'` }

/** A run after the one that delegated to it; messages as they were said. */
const orders: Record<string, RawBuilder<unknown>> = {
  agent_runs: sql`t.created_at, t.depth, t.id`,
  audit_entries: sql`t.seq`,
  messages: sql`t.seq`,
  run_events: sql`t.run_id, t.seq`,
  ...Object.fromEntries(
    ['agent_templates', 'approvals', 'schedules', 'usage_records', 'webhooks'].map((name) => [name, sql`t.id`]),
  ),
}

/** Through a cursor, so that no more than some rows are in memory. What is written goes to this host's disk. */
async function dump(
  tx: Tx,
  folder: string,
  name: string,
  columns: readonly Column[],
  select: RawBuilder<unknown>,
): Promise<ArchivedFile> {
  const hash = createHash('sha256')
  let [rows, bytes] = [0, 0]
  const file = await open(join(folder, name), 'wx', 0o600)
  try {
    await sql`declare exported no scroll cursor for ${select}`.execute(tx)
    for (;;) {
      const batch = await sql<{ line: string }>`fetch ${sql.lit(rowsAtOnce)} from exported`.execute(tx)
      const text = Buffer.from(batch.rows.map(({ line }) => `${line}\n`).join(''))
      hash.update(text)
      rows += batch.rows.length
      bytes += text.length
      await file.appendFile(text)
      if (batch.rows.length < rowsAtOnce) break
    }
    await sql`close exported`.execute(tx)
  } finally {
    await file.close()
  }
  return { name, rows, bytes, sha256: hash.digest('hex'), columns: columns.map((column) => column.name) }
}

/** The archive as it is read; the folder goes with it, also when nobody reads to the end. */
function packArchive(
  manifest: Manifest,
  listed: readonly ArchivedObject[],
  folder: string,
): ReadableStream<Uint8Array> {
  const tar = pack()
  const archive = tar.pipe(createGzip())
  const fill = async () => {
    tar.entry({ name: 'manifest.json', mode: 0o600 }, `${JSON.stringify(manifest, null, 2)}\n`)
    const add = (path: string, name: string, size: number) =>
      pipeline(createReadStream(path), tar.entry({ name, size, mode: 0o600 }))
    for (const { name, bytes } of manifest.files) await add(join(folder, name), `${name}.jsonl`, bytes)
    for (const [index, { key, bytes }] of listed.entries()) {
      await add(pathOfObject(folder, index), `objects/${key}`, bytes)
    }
    tar.finalize()
  }
  fill().catch((error: Error) => archive.destroy(error))
  finished(archive, () => {
    tar.destroy()
    void rm(folder, { recursive: true, force: true })
  })
  return toWebStream(archive)
}
