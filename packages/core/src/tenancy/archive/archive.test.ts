import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { FreeholdError } from '@freehold/contracts'
import {
  createTestPlatform,
  furnishTenant,
  type Ground,
  type PostgresServer,
  snapshotTenant,
  startPostgres,
  type TestPlatform,
  waitFor,
} from '@freehold/testkit'
import pg from 'pg'
import { extract, pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAnchoring } from '../../audit/anchors.ts'
import { createArchiving } from '../../audit/archive-chains.ts'
import { pruneAudit } from '../../audit/prune-audit.ts'
import { verifyAudit } from '../../audit/verify-audit.ts'
import type { Caller } from '../../identity/caller.ts'
import type { ObjectStore } from '../../objects/object-store.ts'
import { keysOf } from '../../objects/object-store-contract.fixture.ts'
import { startRun } from '../../runs/start-run.ts'
import { deleteTenant } from '../delete-tenant.ts'
import { readTenantTables } from '../tenant-tables.ts'
import { resumeTenant, suspendTenant } from '../tenants.ts'
import { exportTenant } from './export-tenant.ts'
import { type Manifest, movingTables, stayingColumns, stayingTables } from './format.ts'
import { importTenant } from './import-tenant.ts'

const limits = { maxBytes: 10_000_000, maxUnpackedBytes: 100_000_000 }
const never = new AbortController().signal
let postgres: PostgresServer
let url: string
/** The embedded database that the tenant leaves, and the PostgreSQL that it comes to. */
let [from, to]: TestPlatform[] = []
let ground: Ground
let archive: Buffer

const operatorOf = (on: TestPlatform): Caller => ({
  ...on.caller(on.acme),
  actor: { kind: 'operator', id: 'test', name: 'test' },
  tenantId: null,
  permissions: new Set(['platform:tenants:write' as const]),
})
const platforms = () => {
  if (!from || !to) throw new Error('the platforms have not started')
  return { from, to }
}

async function exportFrom(on: TestPlatform, id: string): Promise<Buffer> {
  const stream = await exportTenant(operatorOf(on), id, on.anchors)
  return Buffer.from(await new Response(stream).arrayBuffer())
}

const importInto = (on: TestPlatform, bytes: Buffer, own = limits) =>
  importTenant(operatorOf(on), new Blob([new Uint8Array(bytes)]).stream(), on.anchors, own)

beforeAll(async () => {
  postgres = await startPostgres()
  from = await createTestPlatform()
  url = await postgres.createDatabase({ migrate: true })
  to = await createTestPlatform({ databaseUrl: url })
  const tenant = await from.createTenant('initech')
  ground = await furnishTenant(from, tenant)
  const others = [
    [ground.queuedRun, 'cancelled', 'now()'],
    [ground.failedRun, 'running', `now() - interval '1 minute'`],
  ]
  for (const [id, status, at] of others) {
    await from.asSuperuser(
      `update agent_runs set status = '${status}', worker = 'gone', available_at = ${at} where id = '${id}'`,
    )
  }
  await createAnchoring(from.database, from.anchors)()
  await createArchiving(from.database, from.anchors, { objects: from.platform.objects, afterMs: 0 })(never)
  await pruneAudit(operatorOf(from), tenant.id, { before: new Date(Date.now() + 60_000).toISOString() }, from.anchors)
  await suspendTenant(operatorOf(from), tenant.id)
  archive = await exportFrom(from, tenant.id)
  const plan = { weight: 1, maxRunningRuns: 100, maxQueuedRuns: 10_000, quotas: { runsPerMonth: 4 } }
  await to.client(to.operatorKey).putPlan({ params: { name: 'counted' }, body: plan })
})

afterAll(async () => {
  await from?.close()
  await to?.close()
  await postgres.stop()
})

test('every table of tenants moves, or has a reason why not', async () => {
  const { from } = platforms()
  const tables = await from.database.withTenant(from.acme.id, readTenantTables)
  expect([...movingTables, ...Object.keys(stayingTables)].toSorted()).toEqual(tables.toSorted())
})

test('a tenant moves from the embedded database to PostgreSQL, and its agents run there', async () => {
  const { from, to } = platforms()
  const { tenant } = ground
  const [before, others] = [await snapshotTenant(from, tenant.id), await snapshotTenant(to, to.globex.id)]
  const imported = await importInto(to, archive)
  expect(imported).toMatchObject({
    tenant: { id: tenant.id, name: 'initech', status: 'suspended', plan: { name: 'counted' } },
    secretsToSet: [ground.secretName, ground.spareSecret],
    webhooksToRotate: 2,
  })
  expect(imported.members).toHaveLength(3)
  expect(await snapshotTenant(to, to.globex.id)).toEqual(others)
  expect(await snapshotTenant(from, tenant.id)).toEqual(before)

  const object = { tenantId: tenant.id, key: 'files/notes.txt' }
  expect(await to.platform.objects.get(object)).toEqual(await from.platform.objects.get(object))
  expect(await keysOf(to.platform.objects, tenant.id)).toEqual([object.key])

  const after = await snapshotTenant(to, tenant.id)
  const same = movingTables.filter(
    (name) => !['tenants', 'agent_runs', 'secrets', 'webhooks', 'run_heads'].includes(name),
  )
  for (const name of same) expect(rowsOf(after, name), name).toEqual(expect.arrayContaining(rowsOf(before, name)))
  for (const name of movingTables.filter((each) => each !== 'audit_entries')) {
    const kept =
      name === 'resource_owners' ? rowsOf(before, name).filter((row) => row.kind !== 'key') : rowsOf(before, name)
    expect(after[name], name).toHaveLength(kept.length)
  }
  const statuses = (rows: Record<string, unknown[]>) => rowsOf(rows, 'agent_runs').map(({ status }) => status)
  expect(statuses(before)).toContain('running')
  expect(statuses(after).toSorted()).toEqual(
    statuses(before)
      .map((status) => (status === 'running' ? 'queued' : status))
      .toSorted(),
  )

  await createAnchoring(to.database, to.anchors)()
  expect(await verifyAudit(to.caller(tenant), { archive: true }, to.anchors)).toMatchObject({
    ok: true,
    problem: null,
    anchors: 1,
  })
  await resumeTenant(operatorOf(to), tenant.id)
  const client = to.client(imported.apiKey)
  await to.startWorker()
  for await (const _ of client.watchRun(ground.failedRun));
  expect(await client.getRun({ params: { id: ground.failedRun } })).toMatchObject({ status: 'succeeded' })
  const start = (wait: number) =>
    client.startRun({
      params: { name: ground.agent },
      query: { wait },
      body: { message: 'hello', threadId: ground.thread },
    })
  // What it ran elsewhere counts for its plan from here on, not while it is imported.
  await expect(start(0)).rejects.toMatchObject({ code: 'quota_exceeded' })
  await to.client(to.operatorKey).setTenantPlan({ params: { id: tenant.id }, body: { plan: 'standard' } })
  expect(await start(20)).toMatchObject({ status: 'succeeded' })
  await to.stopWorker(20_000)
  await client.putSecret({ params: { name: ground.secretName }, body: { value: 'again' } })
  expect((await client.listConnections({ query: {} })).items).toHaveLength(2)
})

function rowsOf(rows: Record<string, unknown[]>, table: string): Record<string, unknown>[] {
  const left = stayingColumns[table] ?? []
  return (rows[table] ?? []).map((row) => {
    const { row: text } = row as { row: string }
    const { seq, ...columns } = JSON.parse(text) as Record<string, unknown>
    const numbered = table === 'messages' ? columns : { seq, ...columns }
    return Object.fromEntries(Object.entries(numbered).filter(([name]) => !left.includes(name)))
  })
}

test('one that is here already is refused, and one that was deleted comes back', async () => {
  const { from } = platforms()
  const { id, name } = ground.tenant
  const anchors = { ...from.anchors, archive: { objects: from.platform.objects, afterMs: 0 } }
  const archiveChains = createArchiving(from.database, anchors, anchors.archive)
  const verification = () => verifyAudit(from.caller(ground.tenant), { archive: true }, anchors)
  await archiveChains(never)
  expect((await verification()).archive).toMatchObject({ firstSeq: 1, problem: null })
  await expect(importInto(from, archive)).rejects.toMatchObject({ code: 'conflict' })
  expect(await keysOf(from.platform.objects, id)).toContain('files/notes.txt')
  while ((await deleteTenant(operatorOf(from), id, { name }, from.anchors)).status !== 'deleted');
  expect(await keysOf(from.platform.objects, id)).toEqual([])
  await importInto(from, archive)
  expect(await verification()).toMatchObject({ ok: true, anchors: 0, archive: { segments: 0, problem: null } })
  expect(await createAnchoring(from.database, from.anchors)()).toEqual([])
  // What the archive had begins after what was removed of the chain before it came.
  expect(await archiveChains(never)).toMatchObject({ contradicting: [] })
  const { prunedSeq, archive: archived } = await verification()
  expect(archived).toMatchObject({ firstSeq: (prunedSeq ?? 0) + 1, problem: null })
})

test('an import puts no files where there are some already, nor leaves any when it fails', async () => {
  const { from, to } = platforms()
  const { database, objects } = to.platform
  const { id } = await from.createTenant('moving')
  await from.platform.objects.put({ tenantId: id, key: 'files/notes.txt' }, Buffer.from('notes'))
  await suspendTenant(operatorOf(from), id)
  const bytes = await exportFrom(from, id)
  const theirs = { tenantId: id, key: 'audit/of-another-installation.jsonl' }
  await objects.put(theirs, Buffer.from('theirs'))
  await expect(importInto(to, bytes)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('a bucket or a prefix of its own'),
  })
  expect(await keysOf(objects, id)).toEqual([theirs.key])
  await objects.delete(theirs)

  const full: ObjectStore = {
    ...objects,
    async put(object, content) {
      await objects.put(object, content)
      throw new FreeholdError('unavailable', 'the store is full')
    },
  }
  const operator = { ...operatorOf(to), platform: { ...to.platform, objects: full } }
  const importing = importTenant(operator, new Blob([new Uint8Array(bytes)]).stream(), to.anchors, limits)
  await expect(importing).rejects.toMatchObject({ code: 'unavailable' })
  expect(await keysOf(objects, id)).toEqual([])
  expect(await database.withTenant(id, (tx) => tx.selectFrom('tenants').select('id').execute())).toEqual([])
})

test('nothing of the archive is a secret, a key or a hash of one', () => {
  const text = gunzipSync(archive).toString()
  expect(text).toContain(ground.secret)
  expect(text).not.toMatch(/fh[to]_[\w-]{43}|whsec_|key_hash|token_hash|"sealed"|"wrapped"/)
})

test('what is written while a tenant is exported is in the archive as a whole or not at all', async () => {
  const { to } = platforms()
  const tenant = await to.createTenant('written to')
  await suspendTenant(operatorOf(to), tenant.id)
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  await holder.query('begin')
  // Runs are written before this one is, and their heads after it.
  await holder.query('lock table connections in access exclusive mode')
  const exporting = exportFrom(to, tenant.id)
  const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%declare exported%'`
  await waitFor(async () => (await to.asSuperuser(waiting)).length > 0, { timeoutMs: 60_000 })
  const late = { agent: 'assistant', message: 'late', environment: 'production', metadata: {} } as const
  await startRun(to.caller(tenant), late)
  await holder.query('rollback')
  await holder.end()
  const bytes = await exporting
  while ((await deleteTenant(operatorOf(to), tenant.id, tenant, to.anchors)).status !== 'deleted');
  expect(await importInto(to, bytes)).toMatchObject({ tenant: { name: 'written to' } })
  expect(await snapshotTenant(to, tenant.id)).toMatchObject({ agent_runs: [], run_heads: [], threads: [] })
})

test('a tenant that is at work is not exported, nor is any for somebody else', async () => {
  const { to } = platforms()
  const refused = exportTenant(operatorOf(to), to.acme.id, to.anchors)
  await expect(refused).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('Suspend') })
  const other = exportTenant(to.caller(to.acme), to.globex.id, to.anchors)
  await expect(other).rejects.toMatchObject({ code: 'not_found' })
  const importing = importTenant(to.caller(to.acme), new Blob([]).stream(), to.anchors, limits)
  await expect(importing).rejects.toMatchObject({ code: 'permission_denied' })
})

interface File {
  name: string
  text: string
  type?: 'file' | 'symlink'
}

/** The archive with its files changed, and with what its manifest says of them made true again. */
async function forge(change: (files: File[], manifest: Manifest) => void, honest = true): Promise<Buffer> {
  const files: File[] = []
  const tar = extract()
  tar.end(gunzipSync(archive))
  for await (const entry of tar) {
    const chunks: Buffer[] = []
    for await (const chunk of entry as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk))
    files.push({ name: entry.header.name, text: Buffer.concat(chunks).toString() })
  }
  const manifest = JSON.parse(files.shift()?.text ?? '') as Manifest
  change(files, manifest)
  for (const described of honest ? manifest.files : []) {
    const text = files.find(({ name }) => name === `${described.name}.jsonl`)?.text ?? ''
    described.rows = text.split('\n').length - 1
    described.bytes = Buffer.byteLength(text)
    described.sha256 = createHash('sha256').update(text).digest('hex')
  }
  const forged = pack()
  const read = new Response(forged as unknown as ReadableStream).arrayBuffer()
  forged.entry({ name: 'manifest.json' }, JSON.stringify(manifest))
  for (const { name, text, type } of files) {
    if (type === 'symlink') forged.entry({ name, type, linkname: '/etc/passwd' })
    else forged.entry({ name }, text)
  }
  forged.finalize()
  return gzipSync(Buffer.from(await read))
}

const edit = (table: string, from: string | RegExp, to: string) => (files: File[]) => {
  const file = files.find(({ name }) => name === `${table}.jsonl` || name === `${table}.txt`)
  if (!file) throw new Error(`there is no ${table}`)
  const edited = file.text.replace(from, to)
  if (edited === file.text) throw new Error(`nothing was edited of ${table}`)
  file.text = edited
}

const hostile: [string, (files: File[], manifest: Manifest) => void, string, boolean?][] = [
  ['a changed row', edit('threads', 'thread', 'Thread'), 'not what its manifest says', false],
  ['a path that leads out', (files) => files.unshift({ name: '../../etc/cron.d/x', text: 'x' }), 'where its manifest'],
  ['a symbolic link', (files) => files.unshift({ name: 'x', text: '', type: 'symlink' }), 'no file'],
  ['a file that is missing', (files) => files.splice(-2), 'ends before objects.jsonl'],
  ['another format', (_, manifest) => Object.assign(manifest, { format: 'freehold-tenant/9' }), 'another format'],
  ['another table', (_, manifest) => Object.assign(manifest.files[0] ?? {}, { name: 'operator_keys' }), 'other tables'],
  ['other columns', (_, manifest) => manifest.files[0]?.columns.push('more'), 'other columns'],
  [
    'rows of another tenant',
    edit('threads', /"tenant_id": "[^"]+"/, `"tenant_id": "${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}"`),
    'do not fit',
  ],
  ['a run without its thread', edit('agent_runs', /"thread_id": "[^"]+"/, '"thread_id": "none"'), 'do not fit'],
  ['a line that is no JSON', edit('threads', '{', '['), 'do not fit'],
  ['an audit entry that was edited', edit('audit_entries', '"audit.pruned"', '"audit.forged"'), 'audit chain'],
  ['an audit chain that was cut', edit('audit_entries', /[^\n]+\n$/, ''), 'another end'],
  ['what is nested too deeply', edit('threads', /[^\n]+\n/, `${'['.repeat(100_000)}\n`), 'do not fit'],
  [
    'a logo under the hash of another one',
    edit('logos', /"hash": "[^"]+"/, `"hash": "${'0'.repeat(64)}"`),
    'do not fit',
  ],
  [
    'a name that could not be given',
    (_, manifest) => Object.assign(manifest.tenant, { name: 'a\u202eb' }),
    'tenant.name: use letters',
  ],
  ['an object that was changed', edit('objects/files/notes', 'secret', 'Secret'), 'not what it lists'],
  ['an object that is missing', (files) => files.pop(), 'ends before objects/'],
  ['an object that is not listed', (files) => files.push({ name: 'objects/files/x.txt', text: 'x' }), 'does not list'],
  ['an object elsewhere', edit('objects', 'files/notes.txt', 'files/../../x.txt'), 'objects that are none'],
  ['a segment of an audit archive', edit('objects', 'files/', 'audit/'), 'objects that are none'],
  ['an object twice', edit('objects', /^.*\n/, '$&$&'), 'objects that are none'],
  ['a tenant of another name', edit('tenants', '"initech"', '"acme"'), 'There is a tenant'],
]

test('a deletion whose connection died in the middle goes on where it was', async () => {
  const { to } = platforms()
  const tenant = await to.createTenant('cut off')
  await suspendTenant(operatorOf(to), tenant.id)
  const erase = () => deleteTenant(operatorOf(to), tenant.id, { name: tenant.name }, to.anchors)
  await erase()
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select 1 from api_keys where tenant_id = $1 for update', [tenant.id])
  const broken = erase().catch((error: unknown) => error)
  const waiting = `from pg_stat_activity where wait_event_type = 'Lock' and query like '%door_erase_rows%'`
  await waitFor(async () => (await to.asSuperuser(`select pid ${waiting}`)).length > 0, { timeoutMs: 60_000 })
  await to.asSuperuser(`select pg_terminate_backend(pid) ${waiting}`)
  expect(await broken).toBeInstanceOf(Error)
  await holder.query('rollback')
  await holder.end()
  const left = await snapshotTenant(to, tenant.id)
  expect(left).toMatchObject({ agent_releases: [], tenants: [{}] })
  expect(left.api_keys).toHaveLength(1)
  while ((await erase()).status !== 'deleted');
  expect(Object.values(await snapshotTenant(to, tenant.id)).flat()).toEqual([])
})

describe('an archive is refused, and leaves nothing, with', () => {
  test.each(hostile)('%s', async (_, change, message, honest = true) => {
    const { to } = platforms()
    const fresh = `01980000-0000-7000-8000-${createHash('sha256').update(message).digest('hex').slice(0, 12)}`
    const bytes = await forge((files, manifest) => {
      // Under another id, so that it is not refused for being there.
      for (const file of files) file.text = file.text.replaceAll(ground.tenant.id, fresh)
      if (message !== 'There is a tenant') edit('tenants', '"initech"', '"another"')(files)
      Object.assign(manifest.tenant, { id: fresh, name: 'another' })
      change(files, manifest)
    }, honest)
    await expect(importInto(to, bytes)).rejects.toMatchObject({ message: expect.stringContaining(message) })
    expect(Object.values(await snapshotTenant(to, fresh)).flat()).toEqual([])
  })

  test.each([
    ['more bytes than are allowed', { ...limits, maxBytes: 1_000 }],
    ['more bytes once it is unpacked', { ...limits, maxUnpackedBytes: 10_000 }],
  ])('%s', async (_, own) => {
    await expect(importInto(platforms().to, archive, own)).rejects.toMatchObject({ code: 'payload_too_large' })
  })

  test.each([
    ['no gzip', Buffer.from('hello')],
    ['no tar', gzipSync(Buffer.alloc(2_000, 'x'))],
    ['nothing', gzipSync(Buffer.alloc(1_024))],
  ])('%s', async (_, bytes) => {
    await expect(importInto(platforms().to, bytes)).rejects.toMatchObject({ code: 'invalid_request' })
  })

  test('its end missing', async () => {
    const cut = archive.subarray(0, archive.length / 2)
    await expect(importInto(platforms().to, cut)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
