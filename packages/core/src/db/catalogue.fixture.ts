import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Runs one statement with the rights of the owner or above. */
export type Query = <Row>(text: string) => Promise<Row[]>

/** Tables that hold nothing of a tenant. */
const globalTables = ['operator_keys', 'people', 'person_identities', 'plans', 'schema_migrations']
const appendOnlyTables = [
  'run_events',
  'messages',
  'agent_templates',
  'approval_decisions',
  'audit_entries',
  'release_decisions',
  'release_history',
]
/** A settled reservation is in the ledger, so its row may go; a deleted secret leaves nothing behind. */
const deletableTables = [
  'budget_reservations',
  'memberships',
  'resource_owners',
  'team_members',
  'teams',
  'secrets',
  'connections',
  'data_keys',
  'secret_values',
  'logos',
  'custom_hosts',
  'feature_flags',
  'service_consumers',
  'services',
]
/** All that may change of a usage record, and by its trigger only while the call counts as lost. */
const correctableUsage = [
  'cache_read_tokens',
  'cache_write_tokens',
  'cost_nanos',
  'estimated',
  'input_tokens',
  'outcome',
  'output_tokens',
  'reasoning_tokens',
]

/** What binds whoever acts for teams to what those own. */
const teamPolicies = [
  ...[
    'agent_releases',
    'agent_templates',
    'api_keys',
    'budgets',
    'connections',
    'release_history',
    'release_requests',
    'secrets',
    'service_consumers',
    'services',
  ].flatMap((table) =>
    ['creates', 'deletes', 'reads', 'updates'].map((verb) => `${table}.team_${verb} to freehold_app`),
  ),
  ...['agent_runs', 'approvals', 'messages', 'threads', 'usage_records'].map(
    (table) => `${table}.team_reads to freehold_app`,
  ),
]

/** Every policy there is, as `table.policy to role`. A new table adds its own here. */
export const expectedPolicies = [
  ...teamPolicies,
  'approval_decisions.erasure to freehold_doors',
  'approvals.erasure to freehold_doors',
  'budget_windows.erasure to freehold_doors',
  'budgets.erasure to freehold_doors',
  'connections.erasure to freehold_doors',
  'data_keys.erasure to freehold_doors',
  'feature_flags.erasure to freehold_doors',
  'messages.erasure to freehold_doors',
  'release_decisions.erasure to freehold_doors',
  'release_history.erasure to freehold_doors',
  'release_requests.erasure to freehold_doors',
  'run_counts.erasure to freehold_doors',
  'secret_values.erasure to freehold_doors',
  'secrets.erasure to freehold_doors',
  'service_consumers.erasure to freehold_doors',
  'services.erasure to freehold_doors',
  'threads.erasure to freehold_doors',
  'usage_records.erasure to freehold_doors',
  'webhooks.erasure to freehold_doors',
  'agent_releases.doors to freehold_doors',
  'agent_releases.tenant_isolation to freehold_app',
  'agent_runs.doors to freehold_doors',
  'agent_runs.tenant_isolation to freehold_app',
  'agent_templates.doors to freehold_doors',
  'agent_templates.tenant_isolation to freehold_app',
  'api_keys.doors to freehold_doors',
  'api_keys.tenant_isolation to freehold_app',
  'approval_decisions.tenant_isolation to freehold_app',
  'approvals.tenant_isolation to freehold_app',
  'audit_entries.doors to freehold_doors',
  'audit_entries.tenant_isolation to freehold_app',
  'brandings.doors to freehold_doors',
  'brandings.tenant_isolation to freehold_app',
  'budget_reservations.doors to freehold_doors',
  'budget_reservations.tenant_isolation to freehold_app',
  'budget_windows.tenant_isolation to freehold_app',
  'budgets.tenant_isolation to freehold_app',
  'connections.tenant_isolation to freehold_app',
  'custom_hosts.doors to freehold_doors',
  'custom_hosts.tenant_isolation to freehold_app',
  'data_keys.tenant_isolation to freehold_app',
  'feature_flags.tenant_isolation to freehold_app',
  'idempotency_keys.doors to freehold_doors',
  'idempotency_keys.tenant_isolation to freehold_app',
  'invitations.doors to freehold_doors',
  'invitations.tenant_isolation to freehold_app',
  'logos.doors to freehold_doors',
  'logos.tenant_isolation to freehold_app',
  'memberships.doors to freehold_doors',
  'memberships.tenant_isolation to freehold_app',
  'messages.tenant_isolation to freehold_app',
  'operator_keys.doors to freehold_doors',
  'people.doors to freehold_doors',
  'people.members to freehold_app',
  'person_identities.doors to freehold_doors',
  'plans.doors to freehold_doors',
  'release_decisions.tenant_isolation to freehold_app',
  'release_history.tenant_isolation to freehold_app',
  'release_requests.tenant_isolation to freehold_app',
  'resource_owners.doors to freehold_doors',
  'resource_owners.tenant_isolation to freehold_app',
  'run_counts.tenant_isolation to freehold_app',
  'run_events.doors to freehold_doors',
  'run_events.tenant_isolation to freehold_app',
  'run_heads.doors to freehold_doors',
  'run_heads.tenant_isolation to freehold_app',
  'schedules.doors to freehold_doors',
  'schedules.tenant_isolation to freehold_app',
  'secret_values.tenant_isolation to freehold_app',
  'secrets.tenant_isolation to freehold_app',
  'service_consumers.tenant_isolation to freehold_app',
  'services.tenant_isolation to freehold_app',
  'storage_measures.doors to freehold_doors',
  'storage_measures.tenant_isolation to freehold_app',
  'tenants.doors to freehold_doors',
  'tenants.tenant_isolation to freehold_app',
  'team_members.doors to freehold_doors',
  'team_members.tenant_isolation to freehold_app',
  'teams.doors to freehold_doors',
  'teams.tenant_isolation to freehold_app',
  'threads.tenant_isolation to freehold_app',
  'usage_records.tenant_isolation to freehold_app',
  'webhooks.tenant_isolation to freehold_app',
]

/** Where people sign in, for freehold_auth alone; its tables know no tenant. */
const signIn = 'freehold_auth'
const ours = `not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'`

/** Everything in the catalogue by which a tenant's rows could be reached from another one, in words. */
export async function findCatalogueProblems(query: Query): Promise<string[]> {
  const checks = [checkTables, checkKeys, checkPolicies, checkFunctions, checkViews, checkPrivileges, checkSignIn]
  const problems: string[] = []
  for (const check of checks) problems.push(...(await check(query)))
  return problems.sort()
}

interface TableFacts {
  name: string
  kind: string
  enabled: boolean
  forced: boolean
  owner: string
  keyed: boolean
  primary_key: string[] | null
}

export async function readTables(query: Query): Promise<TableFacts[]> {
  return query<TableFacts>(
    `select case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname as name, c.relkind as kind,
            c.relrowsecurity as enabled, c.relforcerowsecurity as forced, c.relowner::regrole::text as owner,
            exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attnotnull
                      and a.attname = case c.relname when 'tenants' then 'id' else 'tenant_id' end) as keyed,
            (select array_agg(a.attname::text order by k.position)
               from pg_index i, unnest(i.indkey) with ordinality k (attnum, position), pg_attribute a
              where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.attnum) as primary_key
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm', 'f') and n.nspname ${ours} and n.nspname <> '${signIn}' order by 1`,
  )
}

/** The tables that hold rows of tenants, by name. */
export async function readTenantTables(query: Query): Promise<string[]> {
  return (await readTables(query)).map(({ name }) => name).filter((name) => !globalTables.includes(name))
}

async function checkTables(query: Query): Promise<string[]> {
  const tables = await readTables(query)
  return tables.flatMap((table) => {
    if (table.name === 'schema_migrations') return []
    const tenantColumn = table.name === 'tenants' ? 'id' : 'tenant_id'
    const isTenantTable = !globalTables.includes(table.name)
    return [
      table.kind === 'm' && `${table.name} is a materialised view, which no policy can bind`,
      table.kind === 'f' && `${table.name} is a foreign table, which no policy can bind`,
      !table.enabled && `${table.name} has row-level security disabled`,
      !table.forced && `${table.name} does not force row-level security`,
      table.owner !== 'freehold_owner' && `${table.name} belongs to ${table.owner}`,
      isTenantTable && !table.keyed && `${table.name} has no ${tenantColumn} that is not null`,
      isTenantTable &&
        table.primary_key?.[0] !== tenantColumn &&
        `the primary key of ${table.name} does not start with ${tenantColumn}`,
    ].filter((problem) => problem !== false)
  })
}

async function checkKeys(query: Query): Promise<string[]> {
  const rows = await query<{ name: string; pairs: string[]; target: string; source: string }>(
    `select f.conname as name, f.conrelid::regclass::text as source, f.confrelid::regclass::text as target,
            array(select a.attname || '=' || b.attname
                    from unnest(f.conkey, f.confkey) as k (here, there)
                    join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.here
                    join pg_attribute b on b.attrelid = f.confrelid and b.attnum = k.there) as pairs
       from pg_constraint f join pg_namespace n on n.oid = f.connamespace
      where f.contype = 'f' and n.nspname ${ours} and n.nspname <> '${signIn}'`,
  )
  return rows
    .filter(({ target, source }) => !globalTables.includes(source) && !globalTables.includes(target))
    .filter(({ target, pairs }) => !pairs.includes(target === 'tenants' ? 'tenant_id=id' : 'tenant_id=tenant_id'))
    .map(({ source, name }) => `the foreign key ${name} of ${source} does not include tenant_id`)
}

interface PolicyFacts {
  table_name: string
  policy: string
  command: string
  permissive: boolean
  roles: string[]
  using: string | null
  with_check: string | null
}

export function readPolicies(query: Query): Promise<PolicyFacts[]> {
  return query<PolicyFacts>(
    `select p.polrelid::regclass::text as table_name, p.polname::text as policy, p.polcmd as command,
            p.polpermissive as permissive, pg_get_expr(p.polqual, p.polrelid) as using,
            pg_get_expr(p.polwithcheck, p.polrelid) as with_check,
            array(select case role when 0 then 'public' else pg_get_userbyid(role)::text end
                    from unnest(p.polroles) role) as roles
       from pg_policy p order by 1, 2`,
  )
}

async function checkPolicies(query: Query): Promise<string[]> {
  const policies = await readPolicies(query)
  const found = policies.flatMap(({ table_name, policy, roles }) =>
    roles.map((role) => `${table_name}.${policy} to ${role}`),
  )
  return [
    ...expectedPolicies.filter((name) => !found.includes(name)).map((name) => `the policy ${name} is missing`),
    ...found.filter((name) => !expectedPolicies.includes(name)).map((name) => `the policy ${name} is not expected`),
    ...policies.filter(({ roles }) => !roles.every((role) => role === 'freehold_doors')).flatMap(looseEnds),
  ]
}

/** Policies that bind to a tenant in words of their own, through a table whose policy does. */
const boundOtherwise: Record<string, string> = {
  'people.members': '(EXISTS ( SELECT FROM memberships m WHERE (m.person_id = people.id)))',
}

/** What keeps a policy from binding the application's role to one tenant, for reading and for writing. */
function looseEnds({ table_name, policy, command, permissive, using, with_check }: PolicyFacts): string[] {
  // One that restricts opens nothing, whatever it says.
  if (policy.startsWith('team_')) return permissive ? [`${table_name}.${policy} is permissive`] : []
  const otherwise = boundOtherwise[`${table_name}.${policy}`]
  if (otherwise !== undefined && command === 'r' && using?.replace(/\s+/g, ' ') === otherwise) return []
  const column = table_name === 'tenants' ? 'id' : 'tenant_id'
  const bound = `(${column} = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif"))`
  return [
    command !== '*' && `${table_name}.${policy} is for one command only`,
    !permissive && `${table_name}.${policy} is restrictive`,
    using !== bound && `${table_name}.${policy} reads by ${using ?? 'nothing'}`,
    with_check !== bound && `${table_name}.${policy} writes by ${with_check ?? 'no WITH CHECK'}`,
  ].filter((problem) => problem !== false)
}

interface FunctionFacts {
  name: string
  definer: boolean
  owner: string
  search_path: string | null
  public_may_execute: boolean
}

async function checkFunctions(query: Query): Promise<string[]> {
  const doors = await readDoorNames()
  const functions = await query<FunctionFacts>(
    `select p.proname::text as name, p.prosecdef as definer, p.proowner::regrole::text as owner,
            (select setting from unnest(p.proconfig) setting where setting like 'search_path=%') as search_path,
            p.proacl is null or exists (
              select 1 from aclexplode(p.proacl) g where g.grantee = 0 and g.privilege_type = 'EXECUTE'
            ) as public_may_execute
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname ${ours}
        and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')`,
  )
  const isDoor = ({ name }: FunctionFacts) => doors.includes(name)
  return [
    ...doors.filter((name) => !functions.some((f) => f.name === name)).map((name) => `the door ${name} is missing`),
    ...functions.flatMap((f) =>
      [
        f.search_path === null && `the search_path of ${f.name} is mutable`,
        f.definer && !isDoor(f) && `${f.name} is SECURITY DEFINER, but not in doors.sql`,
        f.definer && f.owner !== 'freehold_doors' && `the door ${f.name} belongs to ${f.owner}`,
        f.definer && f.public_may_execute && `PUBLIC may execute the door ${f.name}`,
        f.definer && !/, pg_temp$/.test(f.search_path ?? '') && `the door ${f.name} looks into pg_temp first`,
        !f.definer && isDoor(f) && `the door ${f.name} is no SECURITY DEFINER`,
      ].filter((problem) => problem !== false),
    ),
  ]
}

export async function readDoorNames(): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, 'doors.sql'), 'utf8')
  return [...text.matchAll(/^create function (\w+)/gm)].map(([, name]) => name ?? '')
}

async function checkViews(query: Query): Promise<string[]> {
  const views = await query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'v' and n.nspname ${ours}
        and not coalesce(c.reloptions @> array['security_invoker=true'] or c.reloptions @> array['security_invoker=on'], false)`,
  )
  return views.map(({ name }) => `the view ${name} is not security_invoker`)
}

async function checkPrivileges(query: Query): Promise<string[]> {
  const rows = await query<{ name: string; privilege: string }>(
    `select c.relname::text as name, privilege
       from pg_class c join pg_namespace n on n.oid = c.relnamespace,
            unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
      where c.relkind in ('r', 'p', 'v') and n.nspname ${ours}
        and (has_table_privilege('freehold_app', c.oid, privilege)
             or case when privilege in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                     then has_any_column_privilege('freehold_app', c.oid, privilege) end)`,
  )
  const forbidden = ({ name, privilege }: { name: string; privilege: string }) =>
    name === 'operator_keys' ||
    name === 'plans' ||
    name === 'person_identities' ||
    (name === 'people' && privilege !== 'SELECT') ||
    ['TRUNCATE', 'REFERENCES', 'TRIGGER'].includes(privilege) ||
    (privilege === 'DELETE' && !deletableTables.includes(name)) ||
    (privilege !== 'SELECT' && name === 'schema_migrations') ||
    (privilege === 'UPDATE' && appendOnlyTables.includes(name))
  const [schema] = await query<{ create: boolean }>(
    `select has_schema_privilege('freehold_app', 'public', 'create') as create`,
  )
  const rewritable = await query<{ name: string }>(
    `select attname::text as name from pg_attribute
      where attrelid = 'usage_records'::regclass and attnum > 0 and not attisdropped
        and has_column_privilege('freehold_app', attrelid, attnum, 'UPDATE')`,
  )
  return [
    ...rows.filter(forbidden).map(({ name, privilege }) => `freehold_app may ${privilege} on ${name}`),
    ...rewritable
      .filter(({ name }) => !correctableUsage.includes(name))
      .map(({ name }) => `freehold_app may UPDATE ${name} of usage_records`),
    ...(schema?.create ? ['freehold_app may create objects in the schema public'] : []),
  ]
}

/** The tables of sign-in and those of tenants are different roles', and no role reaches both. */
async function checkSignIn(query: Query): Promise<string[]> {
  const rows = await query<{ role: string; name: string }>(
    `select role, c.oid::regclass::text as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace,
            unnest(array['freehold_app', 'freehold_doors', 'freehold_auth']) role
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname ${ours}
        and (n.nspname = '${signIn}') <> (role = 'freehold_auth')
        and (has_any_column_privilege(role, c.oid, 'SELECT, INSERT, UPDATE') or has_table_privilege(role, c.oid, 'DELETE, TRUNCATE'))`,
  )
  const schemas = await query<{ role: string }>(
    `select role from unnest(array['freehold_app', 'freehold_doors']) role
      where has_schema_privilege(role, '${signIn}', 'usage, create')`,
  )
  return [
    ...rows
      .filter(({ name }) => name !== 'schema_migrations')
      .map(({ role, name }) => `${role} may use ${name}, which is beyond it`),
    ...schemas.map(({ role }) => `${role} may use the schema ${signIn}`),
  ]
}
