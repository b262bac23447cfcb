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

-- Whether something belongs to the teams that the transaction is bound to, or is shared with one of them. Volatile, so that
-- it sees what a trigger wrote for the row that is being inserted.
create function team_owns(p_tenant uuid, p_kind text, p_resource text, p_or_shared boolean) returns boolean
language sql volatile set search_path = public, pg_temp as $$
  select exists (
    select from resource_owners o, string_to_array(current_setting('app.team_ids', true), ',') teams
     where o.tenant_id = p_tenant and o.kind = p_kind and o.resource = p_resource
       and (o.team_id::text = any (teams) or (p_or_shared and o.shared_with::text[] && teams))
  )
$$;

do $$
declare
  table_name text;
  bound constant text := '(select nullif(current_setting(''app.team_ids'', true), '''')) is null';
  teams constant text := 'string_to_array((select current_setting(''app.team_ids'', true)), '','')';
  owned constant text := 'team_owns(%1$I.tenant_id, %2$L, %1$I.%3$I::text, %4$L)';
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
    mine := format(owned, kind[1], kind[2], kind[3], false);
    visible := format(owned, kind[1], kind[2], kind[3], true);
    if kind[1] = 'secrets' then
      -- By its name, in the connection that uses it. The policies of connections bind the subquery.
      visible := visible || ' or exists (
        select from connections c where c.tenant_id = secrets.tenant_id and c.secret_id = secrets.id)';
    end if;
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

-- What a team makes is its own. Before the row is there, since the policies ask who owns it; and only when it is new: an
-- upsert that comes upon what is there must not take it over, also where the team can't see it.
create function own_new_resource() returns trigger
language plpgsql set search_path = public, pg_temp as $$
declare
  team constant text := current_setting('app.team_ids');
  name constant text := to_jsonb(new) ->> tg_argv[1];
  known boolean;
begin
  perform set_config('app.team_ids', '', true);
  execute format('select exists (select from %I r where r.tenant_id = $1 and r.%I::text = $2)', tg_table_name, tg_argv[1])
    into known using new.tenant_id, name;
  perform set_config('app.team_ids', team, true);
  -- For several teams the policies refuse it.
  if not known and strpos(team, ',') = 0 then
    insert into resource_owners (tenant_id, kind, resource, team_id)
      values (new.tenant_id, tg_argv[0], name, team::uuid)
      -- Of two teams that make the same at once the first one has it, and the policies refuse the other one.
      on conflict do nothing;
  end if;
  return new;
end $$;

-- All agents of the tenant at hand, also those that whoever counts can't see: a plan limits them together.
create function count_agents() returns bigint
language plpgsql set search_path = public, pg_temp as $$
declare
  teams constant text := coalesce(current_setting('app.team_ids', true), '');
  counted bigint;
begin
  perform set_config('app.team_ids', '', true);
  select count(*) into counted from agent_templates t where t.version = 1 and t.name not like 'system:%';
  perform set_config('app.team_ids', teams, true);
  return counted;
end $$;

-- Whether a connection uses a secret, also one that whoever deletes the secret can't see.
create function is_secret_used(p_tenant uuid, p_secret uuid) returns boolean
language plpgsql set search_path = public, pg_temp as $$
declare
  teams constant text := coalesce(current_setting('app.team_ids', true), '');
  used boolean;
begin
  perform set_config('app.team_ids', '', true);
  used := exists (select from connections c where c.tenant_id = p_tenant and c.secret_id = p_secret);
  perform set_config('app.team_ids', teams, true);
  return used;
end $$;

create function disown_resource() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from resource_owners o
   where o.tenant_id = old.tenant_id and o.kind = tg_argv[0] and o.resource = to_jsonb(old) ->> tg_argv[1];
  return null;
end $$;

create trigger own_new_agent before insert on agent_templates for each row
  when (new.version = 1 and nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('agent', 'name');
create trigger own_new_connection before insert on connections for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('connection', 'name');
create trigger own_new_secret before insert on secrets for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('secret', 'name');
create trigger own_new_key before insert on api_keys for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('key', 'id');
create trigger own_new_budget before insert on budgets for each row
  when (nullif(current_setting('app.team_ids', true), '') is not null)
  execute function own_new_resource('budget', 'id');
create trigger disown_connection after delete on connections for each row
  execute function disown_resource('connection', 'name');
create trigger disown_secret after delete on secrets for each row
  execute function disown_resource('secret', 'name');

-- As before, but who acts for a team does so after it, too: deliveries are runs, and start_run lets go of the team.
create or replace function emit_webhook(p_tenant uuid, p_type text, p_data jsonb) returns int
language plpgsql volatile set search_path = public, pg_temp as $$
declare
  teams constant text := coalesce(current_setting('app.team_ids', true), '');
  told int;
begin
  select count(start_delivery(p_tenant, w.id, p_type, p_data)) into told
    from webhooks w where w.tenant_id = p_tenant and w.status = 'active' and p_type = any (w.events);
  perform set_config('app.team_ids', teams, true);
  return told;
end $$;

-- Which agents a run may ask: one of a team those of the team, and what is shared with it; any other run every agent.
create function may_delegate(p_tenant uuid, p_team text, p_agent text) returns boolean
language sql stable set search_path = public, pg_temp as $$
  select p_team is null or exists (
    select from resource_owners o
     where o.tenant_id = p_tenant and o.kind = 'agent' and o.resource = p_agent
       and (o.team_id::text = p_team or p_team = any (o.shared_with::text[]))
  )
$$;

-- As before, but for the owners of budgets.
create or replace function reserve_budget(
  p_tenant uuid, p_run uuid, p_token bigint, p_call uuid, p_step text, p_model text, p_input_tokens int,
  p_output_tokens int, p_cost_nanos bigint
) returns table (
  outcome text, assumed_input_nanos bigint, assumed_output_nanos bigint, warnings jsonb, refusal jsonb
)
-- Its plans are kept, also those that were made while the tables were small.
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  run agent_runs;
  tenant tenants;
  asked_nanos bigint := p_cost_nanos;
  asked_tokens bigint := p_input_tokens + p_output_tokens;
  held jsonb;
  w record;
  exceeded text;
  resets timestamptz := '-infinity';
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  -- Locked first, as the reservation's foreign key would do it after the windows.
  select r.* into run
    from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
   where r.tenant_id = p_tenant and r.id = p_run and r.status = 'running' and h.lease_token = p_token
     for key share of r;
  if not found then
    outcome := 'lease_lost';
    return next;
    return;
  end if;
  select t.* into tenant from tenants t where t.id = p_tenant;
  if asked_nanos is null and tenant.assumed_input_nanos is not null then
    assumed_input_nanos := tenant.assumed_input_nanos;
    assumed_output_nanos := tenant.assumed_output_nanos;
    asked_nanos := p_input_tokens * assumed_input_nanos + p_output_tokens * assumed_output_nanos;
  end if;
  outcome := 'granted';
  warnings := '[]';
  if exists (select 1 from budget_reservations r where r.tenant_id = p_tenant and r.id = p_call) then
    return next;
    return;
  end if;

  select coalesce(jsonb_agg(jsonb_build_object('budget_id', b.id, 'subject', s.subject, 'known', current.window_start is not null,
           'window_start', coalesce(current.window_start, fresh.starts_at),
           'window_end', coalesce(current.window_end, fresh.ends_at))), '[]')
    into held
    from (values ('tenant', p_tenant::text), ('team', run.team), ('user', run.on_behalf_of), ('agent', run.agent),
                 ('run', run.root_run_id::text), ('api_key', substring(run.principal from '^api_key:(.*)$'))
         ) s (kind, subject)
    cross join lateral (
      select a.id, a.period from budgets a
       where a.tenant_id = p_tenant and a.status = 'active' and a.scope_kind = s.kind and a.scope_id is null
      union all
      select a.id, a.period from budgets a
       where a.tenant_id = p_tenant and a.status = 'active' and a.scope_kind = s.kind and a.scope_id = s.subject
    ) b
    -- What a team set limits the runs of that team, and counts no others.
    left join resource_owners o on o.tenant_id = p_tenant and o.kind = 'budget' and o.resource = b.id::text
    left join lateral (
      select * from (
        select bw.window_start, bw.window_end from budget_windows bw
         where bw.tenant_id = p_tenant and bw.budget_id = b.id and bw.subject = s.subject
         order by bw.window_start desc limit 1
      ) latest where latest.window_end > now()
    ) current on true
    left join lateral (
      select p.starts_at, p.ends_at from budget_period(b.period, now(), tenant.time_zone) p
       where current.window_start is null
    ) fresh on true
   where s.subject is not null and (o.team_id is null or o.team_id::text = run.team);

  insert into budget_windows (tenant_id, budget_id, subject, window_start, window_end)
    select p_tenant, h.budget_id, h.subject, h.window_start, h.window_end
      from jsonb_to_recordset(held)
        as h (budget_id uuid, subject text, known boolean, window_start timestamptz, window_end timestamptz)
     where not h.known order by h.budget_id, h.subject
    on conflict do nothing;

  for w in
    select b.name, b.scope_kind, b.period, b.limit_nanos, b.token_limit, b.request_limit, b.soft_percent, bw.*
      from jsonb_to_recordset(held) as h (budget_id uuid, subject text, window_start timestamptz)
      join budgets b on b.tenant_id = p_tenant and b.id = h.budget_id
      join budget_windows bw on bw.tenant_id = p_tenant and bw.budget_id = h.budget_id and bw.subject = h.subject
       and bw.window_start = h.window_start
     order by bw.budget_id, bw.subject
       for no key update of bw
  loop
    exceeded := case
      when asked_nanos is null and w.limit_nanos is not null then 'price'
      when w.spent_nanos + w.reserved_nanos + asked_nanos > w.limit_nanos + w.extra_nanos then 'money'
      when w.spent_tokens + w.reserved_tokens + asked_tokens > w.token_limit + w.extra_tokens then 'tokens'
      when w.spent_requests + w.reserved_requests + 1 > w.request_limit + w.extra_requests then 'requests'
    end;
    if exceeded is not null and w.window_end > resets then
      resets := w.window_end;
      outcome := case exceeded when 'price' then 'price_unknown' else 'budget_exceeded' end;
      refusal := jsonb_build_object(
        'budgetId', w.budget_id, 'name', w.name, 'scopeKind', w.scope_kind, 'subject', w.subject, 'period', w.period,
        'windowStart', w.window_start, 'resetsAt', nullif(w.window_end, 'infinity'), 'limitOf', exceeded,
        'allowed', case exceeded when 'money' then w.limit_nanos + w.extra_nanos
          when 'tokens' then w.token_limit + w.extra_tokens else w.request_limit + w.extra_requests end,
        'taken', case exceeded when 'money' then w.spent_nanos + w.reserved_nanos
          when 'tokens' then w.spent_tokens + w.reserved_tokens else w.spent_requests + w.reserved_requests end,
        'asked', case exceeded when 'money' then asked_nanos when 'tokens' then asked_tokens else 1 end);
    end if;
    if not w.warned and (
      (w.spent_nanos + w.reserved_nanos + asked_nanos) * 100 >= nullif(w.limit_nanos + w.extra_nanos, 0) * w.soft_percent
      or (w.spent_tokens + w.reserved_tokens + asked_tokens) * 100
        >= nullif(w.token_limit + w.extra_tokens, 0) * w.soft_percent
      or (w.spent_requests + w.reserved_requests + 1) * 100
        >= nullif(w.request_limit + w.extra_requests, 0) * w.soft_percent
    ) then
      warnings := warnings || jsonb_build_object(
        'budgetId', w.budget_id, 'name', w.name, 'subject', w.subject, 'softPercent', w.soft_percent,
        'resetsAt', nullif(w.window_end, 'infinity'));
    end if;
  end loop;

  if outcome <> 'granted' then
    warnings := '[]';
    return next;
    return;
  end if;
  update budget_windows bw set
      reserved_nanos = bw.reserved_nanos + coalesce(asked_nanos, 0),
      reserved_tokens = bw.reserved_tokens + asked_tokens,
      reserved_requests = bw.reserved_requests + 1,
      warned = bw.warned
        or warnings @> jsonb_build_array(jsonb_build_object('budgetId', bw.budget_id, 'subject', bw.subject))
    from jsonb_to_recordset(held) as h (budget_id uuid, subject text, window_start timestamptz)
   where bw.tenant_id = p_tenant and bw.budget_id = h.budget_id and bw.subject = h.subject
     and bw.window_start = h.window_start;
  insert into budget_reservations (tenant_id, id, run_id, step, model, lease_token, input_tokens, output_tokens, cost_nanos,
      windows)
    select p_tenant, p_call, p_run, p_step, p_model, p_token, p_input_tokens, p_output_tokens, asked_nanos,
           coalesce(jsonb_agg(h - 'known' - 'window_end'), '[]')
      from jsonb_array_elements(held) h;
  return next;
end $$;

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
