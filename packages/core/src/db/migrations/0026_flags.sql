-- Feature flags: what a tenant's programs ask for by name, and get by environment, rules and share.

create table feature_flags (
  tenant_id uuid not null references tenants (id),
  environment text not null check (environment in ('development', 'staging', 'production')),
  name text not null,
  type text not null check (type in ('boolean', 'string', 'number', 'object')),
  enabled boolean not null,
  description text not null,
  variants jsonb not null,
  rules jsonb not null,
  serve jsonb not null,
  updated_by text not null,
  updated_at timestamptz not null default now(),
  primary key (tenant_id, environment, name)
);

alter table feature_flags enable row level security;
alter table feature_flags force row level security;
create policy tenant_isolation on feature_flags to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update, delete on feature_flags to freehold_app;

-- An owner has every permission, those that are new as well.
alter table api_keys no force row level security;
update api_keys k set scopes = k.scopes || array['flags:read', 'flags:write'] where 'owner' = any (k.roles);
alter table api_keys force row level security;
