import { createPublicKey, verify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditCheckpointSchema, FreeholdError, type ImportedTenant } from '@freehold/contracts'
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { Anchors } from '../../audit/anchors.ts'
import { signCheckpoint } from '../../audit/checkpoints.ts'
import { recordChange } from '../../audit/record-change.ts'
import { verifyChain } from '../../audit/verify-audit.ts'
import { canonicalJson } from '../../canonical-json.ts'
import type { Tx } from '../../db/database.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../../db/errors.ts'
import { insertKey } from '../../identity/api-keys.ts'
import { authorizePlatform, type Caller, type TenantCaller } from '../../identity/caller.ts'
import { resealImportedWebhooks } from '../../webhooks/webhooks.ts'
import { readTenantTables } from '../tenant-tables.ts'
import { readTenant } from '../tenants.ts'
import { type Column, readColumns } from './columns.ts'
import { type Manifest, movingTables, objectsFile } from './format.ts'
import { leftBehind, readLeftBehind } from './left-behind.ts'
import { putObjects } from './move-objects.ts'
import { type ArchiveLimits, invalid, readBatches, unpackArchive } from './read-archive.ts'

/**
 * Brings a tenant in from an archive of `exportTenant`, suspended and under its old ids: all or nothing. Every row is
 * inserted on the ground of that tenant, so that the policies refuse whatever names another one.
 */
export async function importTenant(
  caller: Caller,
  archive: ReadableStream<Uint8Array> | null,
  anchors: Anchors,
  limits: ArchiveLimits,
): Promise<ImportedTenant> {
  authorizePlatform(caller, 'platform:tenants:write')
  if (!archive) throw invalid('is missing: send it as the body')
  const folder = await mkdtemp(join(tmpdir(), 'freehold-import-'))
  try {
    const { manifest, objects } = await unpackArchive(archive, folder, limits, checkFiles)
    const { tenant } = manifest
    const importer = { ...caller, tenantId: tenant.id }
    return await caller.platform.database.asOne(tenant.id, async (tx) => {
      await insertTables(tx, manifest, folder)
      await adoptChain(tx, importer, manifest, anchors)
      const { apiKey, ...firstKey } = await insertKey(tx, tenant.id, { name: 'first key', roles: ['owner'] })
      const webhooks = await resealImportedWebhooks(tx, importer)
      const secrets = await tx.selectFrom('secrets').select('name').orderBy('name').execute()
      const { exportedAt, auditHead } = manifest
      const after = { name: tenant.name, exportedAt, auditHead, firstKey }
      await recordChange(tx, importer, { action: 'tenant.imported', subjectId: tenant.id, after })
      await assertWhole(importer, anchors)
      const imported = {
        tenant: await readTenant(caller.platform, tenant.id),
        apiKey,
        secretsToSet: secrets.map(({ name }) => name),
        webhooksToRotate: webhooks,
        ...(await readLeftBehind(manifest, folder)),
      }
      // Last, as no rollback takes them back.
      await putObjects(caller.platform.objects, tenant.id, objects, folder)
      return imported
    })
  } catch (error) {
    throw explain(error)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function checkFiles({ files }: Manifest): void {
  const names = files.map(({ name }) => name)
  const expected = [...movingTables, ...Object.keys(leftBehind), objectsFile]
  if (names.toSorted().join() !== expected.toSorted().join()) {
    throw invalid('was made by another release: it has other tables. Bring both installations to the same release')
  }
}

async function insertTables(tx: Tx, manifest: Manifest, folder: string): Promise<void> {
  const { id, plan } = manifest.tenant
  // The runs were counted where they ran.
  await sql`select set_config('app.importing', ${id}, true)`.execute(tx)
  const order = (await readTenantTables(tx)).filter((name) => movingTables.includes(name))
  for (const table of order) {
    const index = manifest.files.findIndex(({ name }) => name === table)
    const columns = await readColumns(tx, table)
    const names = columns.map(({ name }) => name)
    if (manifest.files[index]?.columns.join() !== names.join()) {
      throw invalid(
        `was made by another release: "${table}" has other columns. Bring both installations to the same release`,
      )
    }
    for await (const lines of readBatches(folder, index)) await insertLines(tx, table, columns, lines)
    if (table === 'tenants') await assertTenant(tx, manifest)
  }
  await sql`select set_config('app.importing', '', true)`.execute(tx)
  if (!plan) throw invalid('names no plan')
}

async function assertTenant(tx: Tx, { tenant }: Manifest): Promise<void> {
  const rows = await tx.selectFrom('tenants').select(['id', 'name', 'plan']).execute()
  if (rows.length !== 1 || canonicalJson(rows[0]) !== canonicalJson(tenant)) {
    throw invalid('has another tenant than its manifest says')
  }
}

function insertLines(tx: Tx, table: string, columns: readonly Column[], lines: string[]) {
  const values = columns.map(({ name, type }) => {
    const own = changed[table]?.[name]
    if (own) return own
    // The function takes JSON's null for the database's own.
    return type === 'jsonb' ? sql`r.value -> ${sql.lit(name)}` : sql`p.${sql.ref(name)}`
  })
  const into = columns.map(({ name }) => sql.ref(name))
  // Not null where the row isn't deleted; sealed below.
  if (table === 'webhooks') {
    into.push(sql.ref('secret'))
    values.push(sql`case when p.status <> 'deleted' then ''::bytea end`)
  }
  return sql`
    insert into ${sql.table(table)} (${sql.join(into)})
    select ${sql.join(values)}
      from unnest(${lines}::text[]) with ordinality line (text, place)
      cross join lateral (select line.text::jsonb as value) r
      cross join lateral jsonb_populate_record(null::${sql.table(table)}, r.value) p
     order by line.place`.execute(tx)
}

/** What is not as it was. A run that a worker was at is queued; where it was is in its journal. */
const changed: Record<string, Record<string, RawBuilder<unknown>>> = {
  tenants: { status: sql`'suspended'` },
  agent_runs: {
    status: sql`case p.status when 'running' then 'queued' else p.status end`,
    available_at: sql`case p.status when 'running' then now() else p.available_at end`,
    worker: sql`null`,
  },
  // Nobody holds the run.
  run_heads: { lease_token: sql`-abs(p.lease_token)` },
  // Without a value in the vault.
  secrets: { version: sql`0` },
  webhooks: {
    status: sql`case p.status when 'active' then 'disabled' else p.status end`,
    disabled_reason: sql`case p.status when 'active' then 'imported: rotate its secret, then enable it' else p.disabled_reason end`,
  },
}

/** Vouches for what was pruned of the chain where it comes from, as the checkpoint in it did. */
async function adoptChain(tx: Tx, importer: TenantCaller, manifest: Manifest, anchors: Anchors): Promise<void> {
  const { id } = manifest.tenant
  const ends = await tx
    .selectFrom('audit_entries')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (canonicalJson(ends ?? null) !== canonicalJson(manifest.auditHead)) {
    throw invalid('has another end of the audit chain than its manifest says')
  }
  await assertReaches(tx, manifest.auditAnchor)
  const first = await tx.selectFrom('audit_entries').select('seq').orderBy('seq').limit(1).executeTakeFirst()
  if (!first || first.seq === 1) return
  const pruned = await tx.selectFrom('audit_entries').select('after').where('action', '=', 'audit.pruned').execute()
  const key = createPublicKey({ key: manifest.publicKey, format: 'jwk' })
  const checkpoint = pruned
    .map(({ after }) => z.object({ checkpoint: auditCheckpointSchema }).safeParse(after).data?.checkpoint)
    .find((each) => {
      if (each?.tenantId !== id || each.seq !== first.seq - 1) return false
      const { signature, ...content } = each
      return verify(null, Buffer.from(canonicalJson(content)), key, Buffer.from(signature, 'hex'))
    })
  if (!checkpoint) throw invalid('has an audit chain whose beginning is missing, and no checkpoint for it')
  const after = {
    removed: 0,
    checkpoint: signCheckpoint(anchors, { tenantId: id, seq: checkpoint.seq, hash: checkpoint.hash }),
  }
  await recordChange(tx, importer, { action: 'audit.pruned', subjectId: id, after })
}

/** The chain alone doesn't show that its end was removed: where it comes from, an anchor did. */
async function assertReaches(tx: Tx, anchor: Manifest['auditAnchor']): Promise<void> {
  if (!anchor) return
  const { seq, hash, at } = anchor
  const entry = await tx.selectFrom('audit_entries').select('hash').where('seq', '=', seq).executeTakeFirst()
  if (entry?.hash === hash) return
  const what = entry ? 'was rewritten' : 'lacks its newest entries'
  throw invalid(`has an audit chain that ${what}: by the anchor of ${at} it had come to entry ${seq}`)
}

async function assertWhole({ platform, tenantId }: TenantCaller, anchors: Anchors): Promise<void> {
  const { problem } = await verifyChain(platform.database, tenantId, anchors)
  if (problem) throw invalid(`has an audit chain that is not as it was at entry ${problem.seq}: ${problem.reason}`)
}

/** What the database refused, in words about the archive. */
function explain(error: unknown): unknown {
  if (isUniqueViolation(error, 'tenants_pkey') || isUniqueViolation(error, 'tenants_name_key')) {
    return new FreeholdError('conflict', 'There is a tenant with this id or name here already.', { cause: error })
  }
  if (isForeignKeyViolation(error, 'tenants_plan_fkey')) {
    const message = 'The tenant is on a plan that is not here. Make it with `freehold plans set` first.'
    return new FreeholdError('conflict', message, { cause: error })
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  // Data exceptions, violated constraints, what is nested too deeply, and a row that a policy refuses.
  if (/^(22|23|54)/.test(code) || code === '42501') return invalid('has rows that do not fit together', error)
  if (error instanceof z.ZodError || error instanceof SyntaxError) return invalid('has members that are none', error)
  return error
}
