-- People: who they are is what issuers vouch for, what they may do is what tenants made them. A person belongs to no
-- tenant, so who they are is reached through doors.sql, and from a tenant's ground only as far as they belong to it.

create table people (
  id uuid primary key,
  email text check (email = lower(email)),
  name text,
  -- What they are in the installation, beside what they are in tenants.
  platform_role text check (platform_role in ('owner', 'support')),
  created_at timestamptz not null default now(),
  disabled_at timestamptz
);

-- Another issuer's account with the same address is another person: an issuer speaks for its own subjects only.
create table person_identities (
  issuer text not null,
  subject text not null,
  person_id uuid not null references people (id),
  primary key (issuer, subject)
);

create table memberships (
  tenant_id uuid not null references tenants (id),
  person_id uuid not null references people (id),
  roles text[] not null check (roles <@ array['owner', 'admin', 'builder', 'operator', 'viewer']),
  -- invitation, installation, or claim:<issuer>, which follows the issuer's tokens.
  source text not null,
  joined_at timestamptz not null default now(),
  primary key (tenant_id, person_id)
);
create index memberships_by_person on memberships (person_id);

create table invitations (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  email text not null check (email = lower(email)),
  roles text[] not null check (roles <@ array['owner', 'admin', 'builder', 'operator', 'viewer']),
  token_hash bytea not null unique,
  invited_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references people (id),
  revoked_at timestamptz,
  primary key (tenant_id, id),
  check ((accepted_at is null) = (accepted_by is null)),
  check (accepted_at is null or revoked_at is null)
);
create index invitations_open on invitations (email) where accepted_at is null and revoked_at is null;

do $$
declare
  table_name text;
begin
  foreach table_name in array array['people', 'person_identities', 'memberships', 'invitations'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format('create policy doors on %I to freehold_doors using (true) with check (true)', table_name);
  end loop;
  foreach table_name in array array['memberships', 'invitations'] loop
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
  end loop;
end $$;

-- The policy of memberships binds the subquery: only members of the tenant at hand are seen.
create policy members on people for select to freehold_app
  using (exists (select from memberships m where m.person_id = people.id));

grant select (id, email, name) on people to freehold_app;
grant select, insert, update (roles, source), delete on memberships to freehold_app;
grant select, insert, update (accepted_at, accepted_by, revoked_at) on invitations to freehold_app;
grant select, insert, update on people to freehold_doors;
grant select, insert on person_identities to freehold_doors;
grant select on memberships, invitations to freehold_doors;

-- An owner has every permission, those that are new as well.
alter table api_keys no force row level security;
update api_keys k set scopes = k.scopes || array['members:read', 'members:write'] where 'owner' = any (k.roles);
alter table api_keys force row level security;
