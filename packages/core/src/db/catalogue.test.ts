import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createDataFolder } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  expectedPolicies,
  findCatalogueProblems,
  type Query,
  readDoorNames,
  readPolicies,
  readTables,
} from './catalogue.fixture.ts'

let folder: string
let engine: PGlite
const query: Query = async <Row>(text: string) => (await engine.query<Row>(text)).rows

beforeAll(async () => {
  folder = await createDataFolder()
  engine = await PGlite.create(join(folder, 'postgres'))
})

afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

/** What the check says after `change`, which is undone. */
async function problemsAfter(change: string): Promise<string[]> {
  await engine.exec('begin')
  try {
    await engine.exec(change)
    return await findCatalogueProblems(query)
  } finally {
    await engine.exec('rollback')
  }
}

test('no table, policy, function, view or grant lets a tenant reach another', async () => {
  expect(await findCatalogueProblems(query)).toEqual([])
})

test('the check sees every table, policy and door', async () => {
  const tables = (await readTables(query)).map(({ name }) => name)
  expect(tables).toEqual(expect.arrayContaining(['tenants', 'run_events', 'operator_keys', 'schema_migrations']))
  expect(await readPolicies(query)).toHaveLength(expectedPolicies.length)
  expect(await readDoorNames()).toEqual(expect.arrayContaining(['door_claim_runs', 'door_find_api_key']))
})

describe('a policy that is dropped or loosened is found', () => {
  test.each(expectedPolicies)('%s', async (name) => {
    const [, table = '', policy = '', role = ''] = /^(\w+)\.(\w+) to (\w+)$/.exec(name) ?? []
    expect(await problemsAfter(`drop policy ${policy} on ${table}`)).toEqual([`the policy ${name} is missing`])
    if (policy.startsWith('team_')) return
    expect(await problemsAfter(`alter policy ${policy} on ${table} to public`)).toContain(
      `the policy ${table}.${policy} to public is not expected`,
    )
    expect(await problemsAfter(`alter table ${table} disable row level security`)).toEqual([
      `${table} has row-level security disabled`,
    ])
    expect(await problemsAfter(`alter table ${table} no force row level security`)).toEqual([
      `${table} does not force row-level security`,
    ])
    if (role !== 'freehold_app') return
    expect(await problemsAfter(`alter policy ${policy} on ${table} using (true)`)).toContain(
      `${table}.${policy} reads by true`,
    )
    if (policy !== 'tenant_isolation') return
    expect(await problemsAfter(`alter policy ${policy} on ${table} with check (true)`)).toEqual([
      `${table}.${policy} writes by true`,
    ])
    const [{ using } = { using: null }] = (await readPolicies(query)).filter(
      (found) => found.table_name === table && found.policy === policy,
    )
    const withoutCheck = `drop policy ${policy} on ${table};
      create policy ${policy} on ${table} to freehold_app using (${using})`
    expect(await problemsAfter(withoutCheck)).toEqual([`${table}.${policy} writes by no WITH CHECK`])
  })
})

const leaks: [what: string, change: string, problem: string | RegExp][] = [
  [
    'a table without a policy',
    'create table notes (tenant_id uuid not null references tenants (id), id uuid, primary key (tenant_id, id))',
    'notes has row-level security disabled',
  ],
  ['a table without a tenant', 'create table notes (id uuid primary key)', 'notes has no tenant_id that is not null'],
  [
    'a table in another schema',
    'create schema extra; create table extra.notes (tenant_id uuid not null, id uuid, primary key (tenant_id, id))',
    'extra.notes has row-level security disabled',
  ],
  [
    'a primary key that does not start with the tenant',
    'create table notes (tenant_id uuid not null, id uuid, primary key (id, tenant_id))',
    'the primary key of notes does not start with tenant_id',
  ],
  [
    'a tenant_id that may be null',
    'create table notes (tenant_id uuid, id uuid primary key)',
    'notes has no tenant_id that is not null',
  ],
  [
    'a foreign key without the tenant',
    `create unique index on agent_runs (id);
     alter table usage_records add constraint by_run foreign key (run_id) references agent_runs (id)`,
    'the foreign key by_run of usage_records does not include tenant_id',
  ],
  [
    'a materialised view',
    'create materialized view all_runs as select * from agent_runs',
    'all_runs is a materialised view, which no policy can bind',
  ],
  [
    'a view with its owner’s rights',
    'create view all_runs as select * from agent_runs',
    /view all_runs is not security/,
  ],
  [
    'a view that lost security_invoker',
    'alter view tool_invocations reset (security_invoker)',
    'the view tool_invocations is not security_invoker',
  ],
  [
    'a second, permissive policy',
    'create policy extra on threads to freehold_app using (true) with check (true)',
    'the policy threads.extra to freehold_app is not expected',
  ],
  [
    'a definer function outside doors.sql',
    `create function peek() returns bigint language sql security definer set search_path = public, pg_temp
       as 'select count(*) from agent_runs'`,
    'peek is SECURITY DEFINER, but not in doors.sql',
  ],
  [
    'a function with a mutable search_path',
    `create function peek() returns int language sql as 'select 1'`,
    'the search_path of peek is mutable',
  ],
  [
    'a door whose search_path was let go',
    'alter function door_find_operator_key(bytea) reset search_path',
    'the search_path of door_find_operator_key is mutable',
  ],
  [
    'a door that looks into pg_temp first',
    'alter function door_find_operator_key(bytea) set search_path = public',
    'the door door_find_operator_key looks into pg_temp first',
  ],
  [
    'a door that everyone may open',
    'grant execute on function door_list_tenants(text, int) to public',
    'PUBLIC may execute the door door_list_tenants',
  ],
  [
    'a door that belongs to a superuser',
    'alter function door_list_tenants(text, int) owner to postgres',
    'the door door_list_tenants belongs to postgres',
  ],
  ['a door that is gone', 'drop function door_list_tenants(text, int)', 'the door door_list_tenants is missing'],
  [
    'a journal that can be edited',
    'grant update on run_events to freehold_app',
    'freehold_app may UPDATE on run_events',
  ],
  [
    'one column of a journal that can be edited',
    'grant update (data) on run_events to freehold_app',
    'freehold_app may UPDATE on run_events',
  ],
  ['a journal that can be deleted', 'grant delete on run_events to public', 'freehold_app may DELETE on run_events'],
  [
    'a table that can be truncated',
    'grant truncate on threads to freehold_app',
    'freehold_app may TRUNCATE on threads',
  ],
  [
    'operator keys that a tenant could add',
    'grant insert on operator_keys to freehold_app',
    'freehold_app may INSERT on operator_keys',
  ],
  [
    'migrations that a tenant could rewrite',
    'grant update on schema_migrations to freehold_app',
    'freehold_app may UPDATE on schema_migrations',
  ],
  [
    'a table that belongs to the application',
    'alter table threads owner to freehold_app',
    'threads belongs to freehold_app',
  ],
  [
    'objects that a tenant could create',
    'grant create on schema public to freehold_app',
    'freehold_app may create objects in the schema public',
  ],
  [
    'what people sign in with, for the application',
    'grant select on freehold_auth.session to freehold_app',
    'freehold_app may use freehold_auth.session, which is beyond it',
  ],
  [
    'the schema of sign-in, for the doors',
    'grant usage on schema freehold_auth to freehold_doors',
    'freehold_doors may use the schema freehold_auth',
  ],
  [
    'a table of tenants, for sign-in',
    'grant select (content) on messages to freehold_auth',
    'freehold_auth may use messages, which is beyond it',
  ],
]

describe('a way around the policies is found', () => {
  test.each(leaks)('%s', async (_, change, problem) => {
    const problems = await problemsAfter(change)
    expect(problems).toContainEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem))
  })
})
