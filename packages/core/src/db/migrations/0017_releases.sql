-- Releases: a history that is never changed, canaries, and promotions that wait for people.

-- A canary serves a share of the new threads beside the stable version. canary_id names this one trial: a change of its
-- share keeps it, another canary gets another one.
alter table agent_releases
  add column canary_id uuid,
  add column canary_version int,
  add column canary_percent int check (canary_percent between 1 and 99),
  -- When it is rolled back by itself: see canaryRulesSchema of the contracts.
  add column canary_rules jsonb,
  add column canary_started_at timestamptz,
  add column canary_checked_at timestamptz,
  add foreign key (tenant_id, agent, canary_version) references agent_templates (tenant_id, name, version),
  add check (num_nulls(canary_id, canary_version, canary_percent, canary_rules, canary_started_at, canary_checked_at)
    in (0, 6)),
  add check (canary_version <> version);
create index agent_releases_with_canary on agent_releases (canary_checked_at) where canary_id is not null;
create policy doors on agent_releases to freehold_doors using (true) with check (true);
grant select on agent_releases to freehold_doors;

create table release_history (
  tenant_id uuid not null,
  agent text not null,
  environment text not null check (environment in ('development', 'staging', 'production')),
  number int not null check (number > 0),
  kind text not null check (kind in ('created', 'direct', 'promotion', 'rollback', 'canary_started', 'canary_changed',
    'canary_rolled_back')),
  -- The stable version from then on, and the one before.
  version int not null,
  replaced_version int,
  -- The canary that began, changed or ended with this.
  canary_version int,
  canary_percent int,
  comment text,
  -- Whether it left out the way through the environments, or the approval.
  forced boolean not null default false,
  released_by text not null,
  approved_by text[] not null default '{}',
  -- The numbers that a rollback by itself was decided on.
  evidence jsonb,
  released_at timestamptz not null default now(),
  primary key (tenant_id, agent, environment, number),
  foreign key (tenant_id, agent, version) references agent_templates (tenant_id, name, version)
);

create table release_requests (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  agent text not null,
  environment text not null check (environment in ('development', 'staging', 'production')),
  version int not null,
  replaces_version int,
  -- The last entry of the history when it was asked for. When there is another one, it asks for something else by now.
  after_number int not null,
  canary jsonb,
  comment text,
  requested_by text not null,
  required int not null check (required > 0),
  approver_role text,
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected', 'superseded')),
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, agent, version) references agent_templates (tenant_id, name, version),
  check ((status = 'pending') = (decided_at is null))
);
create unique index release_requests_pending on release_requests (tenant_id, agent, environment)
  where status = 'pending';

create table release_decisions (
  tenant_id uuid not null,
  request_id uuid not null,
  actor text not null,
  decision text not null check (decision in ('approve', 'reject')),
  comment text,
  at timestamptz not null default now(),
  primary key (tenant_id, request_id, actor),
  foreign key (tenant_id, request_id) references release_requests (tenant_id, id)
);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['release_history', 'release_requests', 'release_decisions'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
  end loop;
end $$;

-- Append-only, but for what becomes of a request.
grant select, insert on release_history, release_requests, release_decisions to freehold_app;
grant update (status, decided_at) on release_requests to freehold_app;

-- How many people have to approve what gets into production, and in which role. None: nobody has to.
alter table tenants
  add column production_approvals int not null default 0 check (production_approvals between 0 and 10),
  add column production_approver_role text;

-- A key can be bound to one environment.
alter table api_keys
  add column environment text check (environment in ('development', 'staging', 'production'));

-- The owner is bound by the policies, too, and has none of its own.
alter table agent_releases no force row level security;
alter table release_history no force row level security;
alter table api_keys no force row level security;
insert into release_history (tenant_id, agent, environment, number, kind, version, released_by, released_at)
  select r.tenant_id, r.agent, r.environment, 1, 'direct', r.version, r.released_by, r.released_at
    from agent_releases r where r.agent not like 'system:%';
-- Who could release anywhere still can, and an owner has every permission.
update api_keys k set scopes = k.scopes || array['releases:force'] where 'agents:release' = any (k.scopes);
update api_keys k set scopes = k.scopes || array['releases:decide'] where 'owner' = any (k.roles);
alter table agent_releases force row level security;
alter table release_history force row level security;
alter table api_keys force row level security;

-- The trial that a run takes part in, by the stable version or by the canary.
alter table agent_runs add column canary_id uuid;
create index agent_runs_by_canary on agent_runs (canary_id)
  where canary_id is not null and status in ('succeeded', 'failed');

-- Which version a new run of a thread gets while a canary is there. A thread that has had one of the two stays with it.
-- Any other one is drawn by its name, so that two runs that begin a thread at once draw the same.
-- A plan that was made while the table was small must not read all runs of the tenant either: only the index by thread is
-- left to it, and what it finds has no order yet.
create function choose_version(p_release agent_releases, p_thread text) returns int
language plpgsql stable set search_path = public, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  known int;
  drawn bigint := ('x' || substr(encode(sha256(convert_to(p_release.canary_id || ':' || p_thread, 'UTF8')), 'hex'), 1, 8))
    ::bit(32)::bigint % 100;
begin
  select r.version into known from agent_runs r
   where r.tenant_id = p_release.tenant_id and r.thread_id = p_thread and r.agent = p_release.agent
     and r.environment = p_release.environment and r.version in (p_release.version, p_release.canary_version)
   order by r.created_at desc limit 1;
  return coalesce(known,
    case when drawn < p_release.canary_percent then p_release.canary_version else p_release.version end);
end $$;

create or replace function start_run(
  p_tenant uuid, p_run uuid, p_agent text, p_environment text, p_thread text, p_message text, p_metadata jsonb,
  p_deadline_ms int, p_started_by text, p_request_id text, p_client_key text default null,
  p_parent uuid default null, p_parent_step text default null, p_parent_token bigint default null,
  p_user text default null, p_priority smallint default 1
) returns table (outcome text, run_id uuid)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  serving record;
  template agent_templates;
  deadline interval;
  inserted uuid;
  parent agent_runs;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select r as release, t as template into serving
    from agent_releases r
    join agent_templates t on t.tenant_id = r.tenant_id and t.name = r.agent and t.version = r.version
   where r.tenant_id = p_tenant and r.agent = p_agent and r.environment = p_environment;
  if not found then
    return query select case when exists (
      select 1 from agent_templates t where t.tenant_id = p_tenant and t.name = p_agent
    ) then 'not_released' else 'agent_not_found' end, null::uuid;
    return;
  end if;
  template := serving.template;
  if p_parent is not null then
    -- Locked until this commits, so that a parent that ends meanwhile sees the child and cancels it.
    select r.* into parent
      from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
     where r.tenant_id = p_tenant and r.id = p_parent and r.status = 'running' and h.lease_token = p_parent_token
       for share of r;
    if not found then
      return query select 'lease_lost', null::uuid;
      return;
    elsif parent.depth >= 8 then
      return query select 'too_deep', null::uuid;
      return;
    end if;
  end if;

  -- Locks the thread, so that the runs of a thread choose their version one after the other.
  insert into threads (tenant_id, id) values (p_tenant, p_thread)
    on conflict (tenant_id, id) do update set updated_at = now();
  if (serving.release).canary_id is not null then
    select t.* into template from agent_templates t
     where t.tenant_id = p_tenant and t.name = p_agent and t.version = choose_version(serving.release, p_thread);
  end if;
  deadline := make_interval(secs => coalesce(p_deadline_ms, (template.limits ->> 'runTimeoutMs')::int) / 1000.0);
  insert into agent_runs (tenant_id, id, template_id, agent, version, environment, thread_id, client_key,
      parent_run_id, parent_step, started_by, request_id, message, metadata, deadline_ms, deadline_at, depth,
      root_run_id, principal, on_behalf_of, team, priority, canary_id)
    values (p_tenant, p_run, template.id, p_agent, template.version, p_environment, p_thread, p_client_key,
      p_parent, p_parent_step, p_started_by, p_request_id, p_message, p_metadata,
      extract(epoch from deadline) * 1000, now() + deadline, coalesce(parent.depth + 1, 0),
      coalesce(parent.root_run_id, p_run), coalesce(parent.principal, p_started_by),
      coalesce(parent.on_behalf_of, p_user), parent.team, coalesce(parent.priority, p_priority),
      (serving.release).canary_id)
    on conflict do nothing
    returning id into inserted;
  if inserted is null then
    return query select 'existing', r.id from agent_runs r
      where r.tenant_id = p_tenant
        and (r.client_key = p_client_key or (r.parent_run_id = p_parent and r.parent_step = p_parent_step));
    return;
  end if;
  insert into run_heads (tenant_id, run_id, last_seq) values (p_tenant, p_run, 1);
  insert into messages (tenant_id, thread_id, run_id, role, content)
    values (p_tenant, p_thread, p_run, 'user', to_jsonb(p_message));
  insert into run_events (tenant_id, run_id, seq, type, data)
    values (p_tenant, p_run, 1, 'run.created', jsonb_build_object(
      'agent', p_agent, 'version', template.version, 'environment', p_environment, 'threadId', p_thread,
      'message', p_message, 'parentRunId', p_parent));
  return query select 'created', p_run;
end $$;
