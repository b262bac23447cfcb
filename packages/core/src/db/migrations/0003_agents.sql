create table agent_templates (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  version int not null check (version > 0),
  description text not null,
  program text not null,
  model text not null,
  fallback_models text[] not null,
  prompts jsonb not null,
  tools text[] not null,
  limits jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, name, version)
);

create table agent_releases (
  tenant_id uuid not null,
  agent text not null,
  environment text not null check (environment in ('development', 'staging', 'production')),
  version int not null,
  released_by text not null,
  released_at timestamptz not null default now(),
  primary key (tenant_id, agent, environment),
  foreign key (tenant_id, agent, version) references agent_templates (tenant_id, name, version)
);

alter table agent_templates enable row level security;
alter table agent_templates force row level security;
create policy tenant_isolation on agent_templates to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy doors on agent_templates to freehold_doors using (true) with check (true);

alter table agent_releases enable row level security;
alter table agent_releases force row level security;
create policy tenant_isolation on agent_releases to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));

-- A version is immutable: no update, no delete.
grant select, insert on agent_templates to freehold_app;
grant select, insert, update on agent_releases to freehold_app;
grant select on agent_templates to freehold_doors;
