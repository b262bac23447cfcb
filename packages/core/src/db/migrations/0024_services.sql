-- What is called at /api/v1/{name}/…, and where its calls go in each environment.
create table services (
  tenant_id uuid not null references tenants (id),
  name text not null,
  description text not null,
  contract_kind text check (contract_kind in ('openapi', 'agent_card')),
  contract jsonb,
  -- The upstreams by environment, as {"production": {"kind": "http", "url", "connection"}}.
  environments jsonb not null,
  timeout_ms int not null,
  requests_per_second float8 check (requests_per_second > 0),
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, name),
  check ((contract_kind is null) = (contract is null))
);

-- Who relies on what of a contract.
create table service_consumers (
  tenant_id uuid not null,
  service text not null,
  consumer text not null,
  uses jsonb not null,
  -- The team that registered it, and may change it; null: whoever acts for the whole tenant.
  team_id uuid,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, service, consumer),
  foreign key (tenant_id, service) references services (tenant_id, name) on delete cascade,
  foreign key (tenant_id, team_id) references teams (tenant_id, id) on delete set null (team_id)
);

create index on service_consumers (tenant_id, team_id);

alter table resource_owners drop constraint resource_owners_kind_check;
alter table resource_owners add constraint resource_owners_kind_check
  check (kind in ('agent', 'connection', 'secret', 'key', 'budget', 'service'));

do $$
declare
  table_name text;
  bound constant text := '(select nullif(current_setting(''app.team_ids'', true), '''')) is null';
  teams constant text := 'string_to_array((select current_setting(''app.team_ids'', true)), '','')';
  mine constant text := 'team_owns(tenant_id, ''service'', name, false)';
  visible constant text := 'team_owns(tenant_id, ''service'', name, true)';
  used constant text := 'team_owns(tenant_id, ''service'', service, true)';
begin
  foreach table_name in array array['services', 'service_consumers'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
  end loop;

  execute format('create policy team_reads on services as restrictive for select to freehold_app
    using (%s or %s)', bound, visible);
  execute format('create policy team_updates on services as restrictive for update to freehold_app
    using (%s or %s)', bound, mine);
  execute format('create policy team_deletes on services as restrictive for delete to freehold_app
    using (%s or %s)', bound, mine);
  execute format('create policy team_creates on services as restrictive for insert to freehold_app
    with check (%s or cardinality(%s) = 1)', bound, teams);

  -- A team registers what it relies on of a service that it sees, and changes its own registrations only.
  execute format('create policy team_reads on service_consumers as restrictive for select to freehold_app
    using (%s or %s)', bound, used);
  execute format('create policy team_updates on service_consumers as restrictive for update to freehold_app
    using (%s or team_id::text = any (%s))', bound, teams);
  execute format('create policy team_deletes on service_consumers as restrictive for delete to freehold_app
    using (%s or team_id::text = any (%s))', bound, teams);
  execute format('create policy team_creates on service_consumers as restrictive for insert to freehold_app
    with check (%s or (%s and team_id::text = any (%s)))', bound, used, teams);
end $$;

grant select, insert, update, delete on services, service_consumers to freehold_app;

create trigger own_new_service before insert on services for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('service', 'name');
create trigger disown_service after delete on services for each row
  execute function disown_resource('service', 'name');

alter table api_keys no force row level security;
update api_keys k
   set scopes = k.scopes || array['services:read', 'services:write', 'services:call', 'services:force']
 where 'owner' = any (k.roles);
alter table api_keys force row level security;
