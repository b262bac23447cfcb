create table tenants (
  id uuid primary key,
  name text not null unique,
  status text not null default 'active' check (status in ('active', 'suspended')),
  allowed_hosts text[],
  -- Share of the worker slots when tenants compete, and the most runs that one tenant may have running.
  weight int not null default 1 check (weight > 0),
  max_running_runs int not null default 100 check (max_running_runs > 0),
  last_claimed_at timestamptz,
  created_at timestamptz not null default now()
);

create table api_keys (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  prefix text not null,
  key_hash bytea not null unique,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id)
);

-- Keys of the installation's operator; reached through doors.sql only.
create table operator_keys (
  id uuid primary key,
  key_hash bytea not null unique,
  created_at timestamptz not null default now()
);

alter table tenants enable row level security;
alter table tenants force row level security;
create policy tenant_isolation on tenants to freehold_app
  using (id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy doors on tenants to freehold_doors using (true) with check (true);

alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy tenant_isolation on api_keys to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy doors on api_keys to freehold_doors using (true) with check (true);

alter table operator_keys enable row level security;
alter table operator_keys force row level security;
create policy doors on operator_keys to freehold_doors using (true) with check (true);

grant select, insert, update on tenants, api_keys to freehold_app;
grant select, update on tenants to freehold_doors;
grant select on api_keys to freehold_doors;
grant select, insert, delete on operator_keys to freehold_doors;
