-- Values that a tenant keeps with us, by name. The value itself is in the vault, under the id.
create table secrets (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  -- 0 until the vault has a value, -1 from when it is deleted: nobody sees the secret then but the verb that is at it.
  version int not null default 0,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_by text not null,
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

-- What a secret is for, and where its value may go.
create table connections (
  tenant_id uuid not null references tenants (id),
  name text not null,
  kind text not null check (kind in ('model_provider', 'http')),
  secret_id uuid not null,
  provider text,
  base_url text,
  origin text,
  header text,
  header_prefix text,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, name),
  foreign key (tenant_id, secret_id) references secrets (tenant_id, id),
  -- One key per provider, or it would be chance which one is used.
  unique (tenant_id, provider),
  check ((kind = 'model_provider') = (provider is not null)),
  check (kind = 'model_provider' or base_url is null),
  check ((kind = 'http') = (origin is not null and header is not null and header_prefix is not null))
);

create index on connections (tenant_id, secret_id);

-- The vault in this database. A tenant's data keys, encrypted by the master key; the newest one is in use.
create table data_keys (
  tenant_id uuid not null references tenants (id),
  id int not null,
  wrapped bytea not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id)
);

create table secret_values (
  tenant_id uuid not null references tenants (id),
  secret_id uuid not null,
  version int not null,
  data_key int not null,
  sealed bytea not null,
  primary key (tenant_id, secret_id),
  foreign key (tenant_id, data_key) references data_keys (tenant_id, id)
);

create index on secret_values (tenant_id, data_key);

alter table secrets enable row level security;
alter table secrets force row level security;
create policy tenant_isolation on secrets to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));

alter table connections enable row level security;
alter table connections force row level security;
create policy tenant_isolation on connections to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));

alter table data_keys enable row level security;
alter table data_keys force row level security;
create policy tenant_isolation on data_keys to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));

alter table secret_values enable row level security;
alter table secret_values force row level security;
create policy tenant_isolation on secret_values to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));

-- A deleted value leaves no row behind.
grant select, insert, update, delete on secrets, connections, data_keys, secret_values to freehold_app;
