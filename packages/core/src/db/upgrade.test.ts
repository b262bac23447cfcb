import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asSuperuser, type PostgresServer, startPostgres } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from './database.ts'

const folder = join(import.meta.dirname, 'migrations')

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

/** A database as the first release left it: migrations 1 to 5. */
const openFirstRelease = () => openRelease(5)

async function openRelease(lastMigration: number): Promise<string> {
  const url = await server.createDatabase()
  await asSuperuser(
    url,
    'create table schema_migrations (version int primary key, name text, checksum text, breaking boolean, applied_at timestamptz default now())',
  )
  for (const file of (await readdir(folder)).filter((name) => Number.parseInt(name, 10) <= lastMigration).sort()) {
    const text = await readFile(join(folder, file), 'utf8')
    await asSuperuser(url, file.startsWith('0001') ? text : `set role freehold_owner; ${text}; reset role`)
    const checksum = createHash('sha256').update(text).digest('hex')
    await asSuperuser(url, 'insert into schema_migrations values ($1, $2, $3, false)', [
      Number.parseInt(file, 10),
      file,
      checksum,
    ])
  }
  return url
}

test('runs of the first release, and the delegations among them, are there after an upgrade', async () => {
  const url = await openFirstRelease()
  const [tenant, template, root, child, grandchild] = Array.from({ length: 5 }, () => randomUUID())
  const insertRun = (id: string | undefined, parent: string | undefined, startedBy: string) =>
    asSuperuser(
      url,
      `insert into agent_runs (tenant_id, id, template_id, agent, version, environment, thread_id, parent_run_id,
          parent_step, started_by, request_id, message, metadata, deadline_ms, deadline_at)
        values ($1, $2, $3, 'assistant', 1, 'production', case when $4::uuid is null then 'thread' else 'delegated' end, $4, $4::uuid::text, $5, 'request', 'hello', '{}', 1000, now())`,
      [tenant, id, template, parent ?? null, startedBy],
    )
  await asSuperuser(url, `insert into tenants (id, name) values ($1, 'acme')`, [tenant])
  await asSuperuser(url, `insert into threads (tenant_id, id) values ($1, 'thread'), ($1, 'delegated')`, [tenant])
  await asSuperuser(
    url,
    `insert into agent_templates (tenant_id, id, name, version, description, program, model, fallback_models, prompts,
        tools, limits, created_by)
      values ($1, $2, 'assistant', 1, '', 'assistant', 'demo', '{}', '{"system": ""}', '{}', '{}', 'test')`,
    [tenant, template],
  )
  await insertRun(root, undefined, 'api_key:ada')
  await insertRun(child, root, `run:${root}`)
  await insertRun(grandchild, child, `run:${child}`)

  await (await openDatabase({ url, dataDir: server.folder, poolSize: 1, migrate: true })).close()

  const runs = await asSuperuser(url, 'select id, root_run_id, principal, priority from agent_runs order by created_at')
  expect(runs).toEqual(
    [root, child, grandchild].map((id) => ({ id, root_run_id: root, principal: 'api_key:ada', priority: 1 })),
  )
  expect(await asSuperuser(url, 'select id, principal from threads order by id')).toEqual([
    { id: 'delegated', principal: null },
    { id: 'thread', principal: 'api_key:ada' },
  ])
})

test('what the first release had released is in the history after an upgrade, and its keys can still release anywhere', async () => {
  const url = await openFirstRelease()
  const tenant = randomUUID()
  await asSuperuser(url, `insert into tenants (id, name) values ($1, 'acme')`, [tenant])
  await asSuperuser(
    url,
    `insert into agent_templates (tenant_id, id, name, version, description, program, model, fallback_models, prompts,
        tools, limits, created_by)
      select $1, gen_random_uuid(), 'assistant', version, '', 'assistant', 'demo', '{}', '{"system": ""}', '{}', '{}', 'test'
        from generate_series(1, 2) version`,
    [tenant],
  )
  await asSuperuser(
    url,
    `insert into agent_releases (tenant_id, agent, environment, version, released_by)
      values ($1, 'assistant', 'staging', 2, 'api_key:ada')`,
    [tenant],
  )
  for (const scope of ['agents:release', 'runs:read']) {
    await asSuperuser(
      url,
      `insert into api_keys (tenant_id, id, name, prefix, key_hash, scopes)
        values ($1, gen_random_uuid(), $2, 'fht_', $2::text::bytea, array[$2::text])`,
      [tenant, scope],
    )
  }

  await (await openDatabase({ url, dataDir: server.folder, poolSize: 1, migrate: true })).close()

  const history = 'select agent, environment, number, kind, version, replaced_version, released_by from release_history'
  expect(await asSuperuser(url, history)).toEqual([
    {
      agent: 'assistant',
      environment: 'staging',
      number: 1,
      kind: 'direct',
      version: 2,
      replaced_version: null,
      released_by: 'api_key:ada',
    },
  ])
  expect(await asSuperuser(url, 'select name, scopes from api_keys order by name')).toEqual([
    { name: 'agents:release', scopes: ['agents:release', 'releases:force'] },
    { name: 'runs:read', scopes: ['runs:read'] },
  ])
})

test('keys from before know who made them after an upgrade, as far as the audit trail tells', async () => {
  const url = await openRelease(34)
  const [tenant, ada, account, ofAda, ofHerKey, ofAccount, ofOperator] = Array.from({ length: 7 }, () => randomUUID())
  await asSuperuser(url, `insert into tenants (id, name) values ($1, 'acme')`, [tenant])
  await asSuperuser(url, `insert into people (id, name) values ($1, 'ada'), ($2, 'ci')`, [ada, account])
  const made = [
    [ofAda, `person:${ada}`, null],
    [ofHerKey, `api_key:${ofAda}`, null],
    [ofAccount, `person:${ada}`, account],
    [ofOperator, 'operator:test', null],
  ]
  for (const [index, [key, actor, member]] of made.entries()) {
    await asSuperuser(
      url,
      `insert into api_keys (tenant_id, id, name, prefix, key_hash, scopes, member_id)
        values ($1, $2, 'key', 'fht_', gen_random_uuid()::text::bytea, '{}', $3)`,
      [tenant, key, member],
    )
    await asSuperuser(
      url,
      `insert into audit_entries (tenant_id, seq, at, actor, actor_name, action, subject_kind, subject_id, before, after,
          request_id, previous_hash, hash)
        values ($1, $2, date_trunc('milliseconds', now()), $3, 'somebody', 'key.created', 'key', $4, 'null', 'null',
          'request', repeat('0', 64), repeat('0', 64))`,
      [tenant, index + 1, actor, key],
    )
  }

  await (await openDatabase({ url, dataDir: server.folder, poolSize: 1, migrate: true })).close()

  const makers = await asSuperuser<{ id: string; made_by: string | null }>(url, 'select id, made_by from api_keys')
  expect(new Map(makers.map(({ id, made_by }) => [id, made_by]))).toEqual(
    new Map([
      [ofAda, ada],
      [ofHerKey, ada],
      [ofAccount, null],
      [ofOperator, null],
    ]),
  )
})
