interface RoleFacts {
  role: string
  superuser: boolean
  bypassrls: boolean
  owner: boolean
  door: boolean
  auth: boolean
  beyond: string[]
  unprotected: string[]
}

interface StatementRunner {
  call<Row>(name: string, text: string, values: readonly unknown[]): Promise<Row[]>
}

/** Refuses a database whose policies would not bind the role that does tenant work. */
export async function assertRoleIsBound(database: StatementRunner): Promise<void> {
  const [facts] = await database.call<RoleFacts>(
    'role-facts',
    `select r.rolname as role, r.rolsuper as superuser, r.rolbypassrls as bypassrls,
            pg_has_role(current_user, 'freehold_owner', 'member') as owner,
            pg_has_role(current_user, 'freehold_doors', 'member') as door,
            pg_has_role(current_user, 'freehold_auth', 'member') as auth,
            array(select m.rolname::text from pg_roles m where (m.rolsuper or m.rolbypassrls)
                     and m.oid <> r.oid and not r.rolsuper and pg_has_role(r.oid, m.oid, 'member')) as beyond,
            array(select c.relname::text from pg_class c
                   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                     and (c.relowner = r.oid or not (c.relrowsecurity and c.relforcerowsecurity))
                     and c.relname <> 'schema_migrations'
                     and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
                                 union select 1 where c.relname = 'tenants')) as unprotected
       from pg_roles r where r.rolname = current_user`,
    [],
  )
  const reasons = [
    facts?.role !== 'freehold_app' && `it works as "${facts?.role}" instead of "freehold_app"`,
    facts?.superuser && 'the role is a superuser',
    facts?.bypassrls && 'the role has BYPASSRLS',
    facts?.owner && 'the role is a member of freehold_owner',
    facts?.door && 'the role is a member of freehold_doors',
    facts?.auth && 'the role is a member of freehold_auth',
    facts && facts.beyond.length > 0 && `the role is a member of ${facts.beyond.join(', ')}, which bypasses policies`,
    facts && facts.unprotected.length > 0 && `row-level security is not forced on ${facts.unprotected.join(', ')}`,
  ].filter((reason) => reason !== false && reason !== undefined)
  if (reasons.length === 0) return
  throw new Error(
    `Freehold refuses to start, because its database role could bypass tenant isolation: ${reasons.join('; ')}. ` +
      'Run "alter role freehold_app nosuperuser nobypassrls", revoke those memberships, and force row-level security.',
  )
}
