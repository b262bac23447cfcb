import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite, type Results } from '@electric-sql/pglite'
import { createDataFolder } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readTenantTables } from './catalogue.fixture.ts'

const acme = '00000000-0000-7000-8000-00000000000a'
const globex = '00000000-0000-7000-8000-00000000000b'
// Listed so that each is a test of its own; the first test compares the list with the catalogue.
const tables = [
  'agent_releases',
  'agent_runs',
  'agent_templates',
  'api_keys',
  'approval_decisions',
  'approvals',
  'audit_entries',
  'brandings',
  'budget_reservations',
  'budget_windows',
  'budgets',
  'connections',
  'custom_hosts',
  'data_keys',
  'feature_flags',
  'idempotency_keys',
  'invitations',
  'logos',
  'memberships',
  'messages',
  'release_decisions',
  'release_history',
  'release_requests',
  'resource_owners',
  'run_counts',
  'run_events',
  'run_heads',
  'schedules',
  'secret_values',
  'secrets',
  'service_consumers',
  'services',
  'storage_measures',
  'team_members',
  'teams',
  'tenants',
  'threads',
  'usage_records',
  'webhooks',
]

let folder: string
let engine: PGlite

beforeAll(async () => {
  folder = await createDataFolder()
  engine = await PGlite.create(join(folder, 'postgres'))
  for (const tenant of [acme, globex]) await engine.exec(rowsInEveryTable(tenant))
})

afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

function rowsInEveryTable(tenant: string): string {
  const run = tenant.replace('7000', '7001')
  return `
    insert into tenants (id, name) values ('${tenant}', 'tenant ${tenant}');
    insert into api_keys (tenant_id, id, name, prefix, key_hash, scopes)
      values ('${tenant}', '${tenant}', 'key', 'fht_', '${tenant}', '{}');
    insert into agent_templates (tenant_id, id, name, version, description, program, model, fallback_models, prompts,
        tools, limits, created_by)
      values ('${tenant}', '${tenant}', 'assistant', 1, '', 'assistant', 'demo', '{}', '{}', '{}',
        '{"runTimeoutMs": 1000}', 'test');
    insert into agent_releases (tenant_id, agent, environment, version, released_by)
      values ('${tenant}', 'assistant', 'production', 1, 'test');
    select start_run('${tenant}', '${run}', 'assistant', 'production', 'thread', 'hello', '{}', 1000, 'test', 'test');
    insert into usage_records (tenant_id, run_id, step, model, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, reasoning_tokens, outcome)
      values ('${tenant}', '${run}', 'model:1', 'demo', 1, 1, 0, 0, 0, 'lost');
    insert into budgets (tenant_id, id, name, scope_kind, period, request_limit, created_by)
      values ('${tenant}', '${tenant}', 'budget', 'tenant', 'day', 1, 'test');
    insert into budget_windows (tenant_id, budget_id, subject, window_start, window_end)
      values ('${tenant}', '${tenant}', 'test', now(), now());
    insert into budget_reservations (tenant_id, id, run_id, step, model, lease_token, input_tokens, output_tokens, windows)
      values ('${tenant}', '${tenant}', '${run}', 'model:1', 'demo', 1, 1, 1, '[]');
    insert into schedules (tenant_id, id, name, agent, environment, message, metadata, priority, cron, time_zone, overlap,
        catch_up, next_at, created_by)
      values ('${tenant}', '${tenant}', 'daily', 'assistant', 'production', 'hello', '{}', 1, '@daily', 'UTC', 'skip',
        'latest', now(), 'test');
    insert into webhooks (tenant_id, id, url, description, events, secret, created_by)
      values ('${tenant}', '${tenant}', 'https://hooks.invalid/', '', '{}', 'sealed', 'test');
    insert into secrets (tenant_id, id, name, version, created_by, updated_by)
      values ('${tenant}', '${tenant}', 'key', 1, 'test', 'test');
    insert into connections (tenant_id, name, kind, secret_id, provider, created_by)
      values ('${tenant}', 'connection', 'model_provider', '${tenant}', 'openai', 'test');
    insert into data_keys (tenant_id, id, wrapped) values ('${tenant}', 1, 'wrapped');
    insert into secret_values (tenant_id, secret_id, version, data_key, sealed)
      values ('${tenant}', '${tenant}', 1, 1, 'sealed');
    insert into run_events (tenant_id, run_id, seq, type, data)
      values ('${tenant}', '${run}', 2, 'tool.started', '{"step": "tool:1", "name": "calculate"}');
    insert into idempotency_keys (tenant_id, operation, key_hash, request_hash, expires_at)
      values ('${tenant}', 'startRun', '${tenant}', '${tenant}', 'infinity');
    insert into approvals (tenant_id, id, run_id, step, agent, version, kind, reason, arguments, arguments_hash,
        requested_by, approver_actors, approver_roles, quorum, allow_self, expires_at, on_expiry)
      values ('${tenant}', '${tenant}', '${run}', 'tool:1', 'assistant', 1, 'tool', '', '{}', '', 'test', '{}', '{}', 1,
        true, now(), 'reject');
    insert into approval_decisions (tenant_id, approval_id, actor, decision, arguments_hash)
      values ('${tenant}', '${tenant}', 'test', 'approve', '');
    insert into audit_entries (tenant_id, seq, at, actor, actor_name, action, subject_kind, subject_id, before, after,
        request_id, previous_hash, hash)
      values ('${tenant}', 1, date_trunc('second', now()), 'test', 'test', 'key.created', 'key', '', 'null', '{}', 'test', repeat('0', 64),
        repeat('1', 64));
    insert into release_history (tenant_id, agent, environment, number, kind, version, released_by)
      values ('${tenant}', 'assistant', 'production', 1, 'created', 1, 'test');
    insert into release_requests (tenant_id, id, agent, environment, version, after_number, requested_by, required)
      values ('${tenant}', '${tenant}', 'assistant', 'production', 1, 1, 'test', 1);
    insert into release_decisions (tenant_id, request_id, actor, decision)
      values ('${tenant}', '${tenant}', 'test', 'approve');
    insert into run_counts (tenant_id, month_start, plan_revision, runs) values ('${tenant}', now(), 1, 1);
    insert into storage_measures (tenant_id, next_at) values ('${tenant}', now());
    insert into people (id, email) values ('${tenant}', '${tenant}@example.com');
    insert into memberships (tenant_id, person_id, roles, source) values ('${tenant}', '${tenant}', '{owner}', 'test');
    insert into teams (tenant_id, id, name) values ('${tenant}', '${tenant}', 'team');
    insert into team_members (tenant_id, team_id, person_id, roles)
      values ('${tenant}', '${tenant}', '${tenant}', '{viewer}');
    insert into services (tenant_id, name, description, environments, timeout_ms, created_by)
      values ('${tenant}', 'service', '', '{}', 1000, 'test');
    insert into service_consumers (tenant_id, service, consumer, uses, created_by)
      values ('${tenant}', 'service', 'consumer', '[]', 'test');
    insert into resource_owners (tenant_id, kind, resource, team_id)
      values ('${tenant}', 'agent', 'assistant', '${tenant}');
    insert into invitations (tenant_id, id, email, roles, token_hash, invited_by, expires_at)
      values ('${tenant}', '${tenant}', 'a@example.com', '{viewer}', '${tenant}', 'test', now());
    insert into brandings (tenant_id, name) values ('${tenant}', 'a name');
    insert into logos (tenant_id, hash, content_type, bytes)
      values ('${tenant}', encode(sha256('x'), 'hex'), 'image/png', 'x');
    insert into custom_hosts (tenant_id, host, token, expires_at)
      values ('${tenant}', 'a.example.com', 'token', now());
    insert into feature_flags (tenant_id, environment, name, type, enabled, description, variants, rules, serve, updated_by)
      values ('${tenant}', 'production', 'flag', 'boolean', true, '', '{}', '[]', '[]', 'test');
    insert into operator_keys (id, key_hash) values ('${tenant}', '${tenant}');`
}

interface Stand {
  /** Whom the transaction works for; null when no tenant was set. */
  tenant: string | null
  /** Whether freehold_app has every grant, so that the policies stand alone. */
  grants: 'its own' | 'all'
}

/** Runs a statement as freehold_app, and undoes it. */
async function attempt(stand: Stand, text: string, values: unknown[] = []): Promise<Results<Record<string, unknown>>> {
  await engine.exec('begin')
  try {
    if (stand.grants === 'all') await engine.exec('grant all on all tables in schema public to freehold_app')
    await engine.exec('set local role freehold_app')
    if (stand.tenant) await engine.query(`select set_config('app.tenant_id', $1, true)`, [stand.tenant])
    return await engine.query(text, values)
  } finally {
    await engine.exec('rollback')
  }
}

/** How many rows a statement reached; 0 when it was refused. Any other failure is none of ours. */
async function reach(stand: Stand, text: string, values: unknown[] = []): Promise<number> {
  try {
    const { affectedRows, rows } = await attempt(stand, text, values)
    return affectedRows || rows.length
  } catch (error) {
    expect(String(error)).toMatch(
      stand.grants === 'all' ? /row-level security/ : /row-level security|permission denied/,
    )
    return 0
  }
}

const tenantColumn = (table: string) => (table === 'tenants' ? 'id' : 'tenant_id')

/** Inserts a row of globex as it is there. The policy is asked before any unique key. */
async function insertOf(table: string): Promise<[text: string, values: unknown[]]> {
  const columns = await engine.query<{ name: string }>(
    `select attname::text as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = ''`,
    [table],
  )
  const { rows } = await engine.query<{ row: unknown }>(
    `select to_jsonb(t) as row from ${table} t where ${tenantColumn(table)} = $1`,
    [globex],
  )
  const names = columns.rows.map(({ name }) => name).join(', ')
  return [
    `insert into ${table} (${names}) select ${names} from jsonb_populate_record(null::${table}, $1)`,
    [JSON.stringify(rows[0]?.row)],
  ]
}

test('the list of tables is complete, and both tenants have rows in each', async () => {
  const query = async <Row>(text: string) => (await engine.query<Row>(text)).rows
  expect(await readTenantTables(query)).toEqual(tables)
  for (const table of tables) {
    const { rows } = await engine.query(`select distinct ${tenantColumn(table)} from ${table}`)
    expect(rows, table).toHaveLength(2)
  }
})

describe.each<Stand>([
  { tenant: acme, grants: 'its own' },
  { tenant: acme, grants: 'all' },
  { tenant: null, grants: 'its own' },
  { tenant: null, grants: 'all' },
])('freehold_app with tenant $tenant and $grants grants', (stand) => {
  test.each(tables)("can't read, write or delete rows of another tenant in %s", async (table) => {
    const column = tenantColumn(table)
    const own = await reach(stand, `select 1 from ${table}`)
    const mayRead = stand.tenant !== null
    expect(own > 0).toBe(mayRead)
    expect(await reach(stand, `select 1 from ${table} where ${column} = $1`, [globex])).toBe(0)
    expect(await reach(stand, `select 1 from ${table} where ${column} is distinct from $1`, [acme])).toBe(0)
    expect(await reach(stand, ...(await insertOf(table)))).toBe(0)
    expect(await reach(stand, `update ${table} set ${column} = ${column} where ${column} = $1`, [globex])).toBe(0)
    expect(await reach(stand, `update ${table} set ${column} = $1`, [globex])).toBe(0)
    expect(await reach(stand, `delete from ${table} where ${column} = $1`, [globex])).toBe(0)
  })

  test('reads no key of the operator', async () => {
    expect(await reach(stand, 'select 1 from operator_keys')).toBe(0)
  })

  test('sees through the view no more than through the tables', async () => {
    expect(await reach(stand, 'select 1 from tool_invocations')).toBe(stand.tenant ? 1 : 0)
    expect(await reach(stand, 'select 1 from tool_invocations where tenant_id = $1', [globex])).toBe(0)
  })
})

test("an id that is no tenant's finds nothing", async () => {
  const nobody: Stand = { tenant: '00000000-0000-7000-8000-0000000000ff', grants: 'all' }
  for (const table of tables) expect(await reach(nobody, `select 1 from ${table}`), table).toBe(0)
})

test('the tenant of a transaction ends with it', async () => {
  await attempt({ tenant: acme, grants: 'its own' }, 'select 1')
  expect(await reach({ tenant: null, grants: 'its own' }, 'select 1 from agent_runs')).toBe(0)
})

test('a tenant sees of the people only its members, and nothing that issuers say of them', async () => {
  const stand: Stand = { tenant: acme, grants: 'its own' }
  expect((await attempt(stand, 'select id from people')).rows).toEqual([{ id: acme }])
  expect(await reach({ ...stand, tenant: null }, 'select id from people')).toBe(0)
  expect(await reach(stand, 'select platform_role from people')).toBe(0)
  expect(await reach(stand, 'select * from person_identities')).toBe(0)
})
