-- How a tenant looks to its people, and the host name of its own by which it is known.

create table brandings (
  tenant_id uuid primary key references tenants (id),
  name text,
  primary_color text check (primary_color ~ '^#[0-9a-f]{6}$'),
  background_color text check (background_color ~ '^#[0-9a-f]{6}$'),
  text_color text check (text_color ~ '^#[0-9a-f]{6}$'),
  support_address text,
  sender_name text,
  reply_to text,
  updated_at timestamptz not null default now()
);

create table logos (
  tenant_id uuid primary key references tenants (id),
  -- SHA-256 of the bytes, which is the name under which everybody can read them.
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  content_type text not null check (content_type in ('image/png', 'image/jpeg', 'image/webp')),
  bytes bytea not null check (octet_length(bytes) <= 262144)
);
create index on logos (hash);

create table custom_hosts (
  tenant_id uuid primary key references tenants (id),
  host text not null,
  -- What its owner puts into DNS.
  token text not null,
  -- When the claim is void, unless it is verified by then.
  expires_at timestamptz not null,
  verified_at timestamptz
);
-- Any number of tenants may claim a host, each with a token of its own; one has it.
create unique index custom_hosts_verified on custom_hosts (host) where verified_at is not null;

do $$
declare
  table_name text;
begin
  foreach table_name in array array['brandings', 'logos', 'custom_hosts'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format('create policy doors on %I to freehold_doors using (true) with check (true)', table_name);
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
  end loop;
end $$;
grant select, insert, update on brandings to freehold_app;
grant select, insert, update, delete on logos, custom_hosts to freehold_app;
grant select on brandings, logos, custom_hosts to freehold_doors;
