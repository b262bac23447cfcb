-- Teams: a part of a tenant with agents, connections, secrets, keys and budgets of its own. What no team owns belongs to
-- the tenant as a whole. Whoever acts in teams only is bound to them by the policies below: the transaction says so in
-- app.team_ids (ids with commas between), and the whole tenant is open where it says nothing.

create table teams (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table team_members (
  tenant_id uuid not null,
  team_id uuid not null,
  person_id uuid not null,
  roles text[] not null check (roles <@ array['owner', 'admin', 'builder', 'operator', 'viewer'] and roles <> '{}'),
  primary key (tenant_id, team_id, person_id),
  foreign key (tenant_id, team_id) references teams (tenant_id, id) on delete cascade,
  foreign key (tenant_id, person_id) references memberships (tenant_id, person_id) on delete cascade
);

create table resource_owners (
  tenant_id uuid not null,
  kind text not null check (kind in ('agent', 'connection', 'secret', 'key', 'budget')),
  -- Its name; of a key and a budget, its id.
  resource text not null,
  team_id uuid not null,
  -- Other teams that see and use it, and can't change it.
  shared_with uuid[] not null default '{}',
  primary key (tenant_id, kind, resource),
  foreign key (tenant_id, team_id) references teams (tenant_id, id)
);

-- The team that a run is of, by its id, was a column that nothing filled; a conversation is of one team, too.
alter table threads add column team text;

-- The teams that an invitation leads to, as [{"id", "roles"}].
alter table invitations add column teams jsonb not null default '[]';

do $$
declare
  table_name text;
  bound constant text := '(select nullif(current_setting(''app.team_ids'', true), '''')) is null';
  teams constant text := 'string_to_array((select current_setting(''app.team_ids'', true)), '','')';
  owned constant text := 'exists (select from resource_owners o where o.tenant_id = %1$I.tenant_id and o.kind = %2$L
    and o.resource = %1$I.%3$I::text and (o.team_id::text = any (' || teams || ')%4$s))';
  -- Each table, and the column that names what a team owns.
  kinds constant text[][] := array[['agent_templates', 'agent', 'name'], ['agent_releases', 'agent', 'agent'],
    ['release_history', 'agent', 'agent'], ['release_requests', 'agent', 'agent'],
    ['connections', 'connection', 'name'], ['secrets', 'secret', 'name'], ['api_keys', 'key', 'id'],
    ['budgets', 'budget', 'id']];
  kind text[];
  mine text;
  visible text;
begin
  foreach table_name in array array['teams', 'team_members', 'resource_owners'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
    execute format('create policy doors on %I to freehold_doors using (true) with check (true)', table_name);
  end loop;

  foreach kind slice 1 in array kinds loop
    mine := format(owned, kind[1], kind[2], kind[3], '');
    visible := format(owned, kind[1], kind[2], kind[3], format(' or o.shared_with::text[] && %s', teams));
    execute format('create policy team_reads on %I as restrictive for select to freehold_app using (%s or %s)',
      kind[1], bound, visible);
    execute format('create policy team_updates on %I as restrictive for update to freehold_app using (%s or %s)',
      kind[1], bound, mine);
    execute format('create policy team_deletes on %I as restrictive for delete to freehold_app using (%s or %s)',
      kind[1], bound, mine);
    -- What is new becomes the team's by a trigger, and has to be for one team. A name that is taken is no new one, by the
    -- primary keys, and a further version is the owner's to add.
    execute format('create policy team_creates on %I as restrictive for insert to freehold_app with check (%s or %s)',
      kind[1], bound,
      case
        when kind[2] <> 'agent' then format('cardinality(%s) = 1', teams)
        when kind[1] = 'agent_templates' then format('(version = 1 and cardinality(%s) = 1) or %s', teams, mine)
        else mine
      end);
  end loop;

  execute format('create policy team_reads on agent_runs as restrictive for select to freehold_app
    using (%s or team = any (%s))', bound, teams);
  execute format('create policy team_reads on threads as restrictive for select to freehold_app
    using (%s or team = any (%s))', bound, teams);
  -- The policies of the tables that they belong to bind these.
  execute format('create policy team_reads on messages as restrictive for select to freehold_app using (%s
    or exists (select from threads t where t.tenant_id = messages.tenant_id and t.id = messages.thread_id))', bound);
  foreach table_name in array array['approvals', 'usage_records'] loop
    execute format('create policy team_reads on %1$I as restrictive for select to freehold_app using (%2$s
      or exists (select from agent_runs r where r.tenant_id = %1$I.tenant_id and r.id = %1$I.run_id))',
      table_name, bound);
  end loop;
end $$;

grant select, insert, update (name), delete on teams to freehold_app;
grant select, insert, update (roles), delete on team_members to freehold_app;
grant select, insert, update (team_id, shared_with), delete on resource_owners to freehold_app;
grant select on teams, team_members, resource_owners to freehold_doors;

-- What a team makes is its own.
create function own_new_resource() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  insert into resource_owners (tenant_id, kind, resource, team_id)
    values (new.tenant_id, tg_argv[0], to_jsonb(new) ->> tg_argv[1], current_setting('app.team_ids')::uuid);
  return null;
end $$;

create function disown_resource() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from resource_owners o
   where o.tenant_id = old.tenant_id and o.kind = tg_argv[0] and o.resource = to_jsonb(old) ->> tg_argv[1];
  return null;
end $$;

create trigger own_new_agent after insert on agent_templates for each row
  when (new.version = 1 and nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('agent', 'name');
create trigger own_new_connection after insert on connections for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('connection', 'name');
create trigger own_new_secret after insert on secrets for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('secret', 'name');
create trigger own_new_key after insert on api_keys for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('key', 'id');
create trigger own_new_budget after insert on budgets for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('budget', 'id');
create trigger disown_connection after delete on connections for each row
  execute function disown_resource('connection', 'name');
create trigger disown_secret after delete on secrets for each row
  execute function disown_resource('secret', 'name');

-- Which agents a run may ask: one of a team those of the team, and what is shared with it; any other run every agent.
create function may_delegate(p_tenant uuid, p_team text, p_agent text) returns boolean
language sql stable set search_path = public, pg_temp as $$
  select p_team is null or exists (
    select from resource_owners o
     where o.tenant_id = p_tenant and o.kind = 'agent' and o.resource = p_agent
       and (o.team_id::text = p_team or p_team = any (o.shared_with::text[]))
  )
$$;

alter table api_keys no force row level security;
update api_keys k set scopes = k.scopes || array['teams:read', 'teams:write'] where 'owner' = any (k.roles);
alter table api_keys force row level security;

drop function start_run(
  uuid, uuid, text, text, text, text, jsonb, int, text, text, text, uuid, text, bigint, text, smallint);

create function start_run(
  p_tenant uuid, p_run uuid, p_agent text, p_environment text, p_thread text, p_message text, p_metadata jsonb,
  p_deadline_ms int, p_started_by text, p_request_id text, p_client_key text default null,
  p_parent uuid default null, p_parent_step text default null, p_parent_token bigint default null,
  p_user text default null, p_priority smallint default 1,
  -- The team that whoever starts it is bound to; null: nobody is, and the run is of the team that owns the agent.
  p_team text default null
) returns table (outcome text, run_id uuid)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  serving record;
  template agent_templates;
  deadline interval;
  inserted uuid;
  parent agent_runs;
  run_team text;
  thread_team text;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  -- Whoever calls has found that the agent is within reach.
  perform set_config('app.team_ids', '', true);
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
    elsif not may_delegate(p_tenant, parent.team, p_agent) then
      return query select 'agent_not_found', null::uuid;
      return;
    end if;
  end if;
  run_team := case when p_parent is not null then parent.team else coalesce(p_team, (
    select o.team_id::text from resource_owners o
     where o.tenant_id = p_tenant and o.kind = 'agent' and o.resource = p_agent)) end;

  -- Locks the thread, so that the runs of a thread choose their version one after the other.
  insert into threads (tenant_id, id, team) values (p_tenant, p_thread, run_team)
    on conflict (tenant_id, id) do update
      set updated_at = case when p_team is null or threads.team = p_team then now() else threads.updated_at end
    returning team into thread_team;
  -- What was said there would be told to this team.
  if p_team is not null and thread_team is distinct from p_team then
    return query select 'thread_of_others', null::uuid;
    return;
  end if;
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
      coalesce(parent.on_behalf_of, p_user), run_team, coalesce(parent.priority, p_priority),
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
