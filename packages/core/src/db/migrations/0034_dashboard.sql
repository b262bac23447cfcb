-- What lists and pages of runs look for, runs of a version that serves nowhere yet, and whose conversations a run goes on
-- with.

-- The delegations of a run, at whatever depth. Runs that nobody delegated, which are most, cost nothing.
create index agent_runs_by_root on agent_runs (tenant_id, root_run_id, id) where parent_run_id is not null;

-- As before, and in their order, so that the first and the last run of a thread are found at once.
drop index agent_runs_by_thread;
create index agent_runs_by_thread on agent_runs (tenant_id, thread_id, id);
create index threads_by_time on threads (tenant_id, created_at desc, id desc);

drop function start_run(
  uuid, uuid, text, text, text, text, jsonb, int, text, text, text, uuid, text, bigint, text, smallint, text);

-- As before, but for two things. A version can be named; it takes part in no trial of a canary. And a run of a team continues
-- no conversation of others, also when somebody starts it who sees both: the team would read there what was said.
create function start_run(
  p_tenant uuid, p_run uuid, p_agent text, p_environment text, p_thread text, p_message text, p_metadata jsonb,
  p_deadline_ms int, p_started_by text, p_request_id text, p_client_key text default null,
  p_parent uuid default null, p_parent_step text default null, p_parent_token bigint default null,
  p_user text default null, p_priority smallint default 1,
  -- The team that whoever starts it is bound to; null: nobody is, and the run is of the team that owns the agent.
  p_team text default null,
  -- A version to try, instead of what serves there.
  p_version int default null
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
  if p_version is not null and not exists (
    select 1 from agent_templates t where t.tenant_id = p_tenant and t.name = p_agent and t.version = p_version
  ) then
    return query select 'version_not_found', null::uuid;
    return;
  end if;
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
      set updated_at = case when run_team is null or threads.team = run_team then now() else threads.updated_at end
    returning team into thread_team;
  -- What was said there would be told to this team, whoever starts the run.
  if run_team is not null and thread_team is distinct from run_team then
    return query select 'thread_of_others', null::uuid;
    return;
  end if;
  if p_version is not null then
    select t.* into template from agent_templates t
     where t.tenant_id = p_tenant and t.name = p_agent and t.version = p_version;
  elsif (serving.release).canary_id is not null then
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
      case when p_version is null then (serving.release).canary_id end)
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
