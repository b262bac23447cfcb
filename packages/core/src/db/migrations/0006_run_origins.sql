-- Where a run comes from, so that budgets and approvals reach through delegations: a child run has the origin of the run
-- that delegated to it.
alter table agent_runs
  add column root_run_id uuid, -- the run that nobody delegated; itself when it is that
  add column principal text, -- who started the root run
  add column on_behalf_of text, -- the person it is for, by the name that the client knows them by
  add column team text,
  -- 0 low, 1 normal, 2 high: within a tenant the higher one is claimed first.
  add column priority smallint not null default 1 check (priority between 0 and 2);

-- The owner is bound by the policies, too, and has none of its own.
alter table agent_runs no force row level security;
with recursive origin as (
  select r.tenant_id, r.id, r.id as root_run_id, r.started_by as principal from agent_runs r where r.parent_run_id is null
  union all
  select c.tenant_id, c.id, o.root_run_id, o.principal
    from origin o join agent_runs c on c.tenant_id = o.tenant_id and c.parent_run_id = o.id
)
update agent_runs r set root_run_id = o.root_run_id, principal = o.principal
  from origin o where r.tenant_id = o.tenant_id and r.id = o.id;
alter table agent_runs force row level security;

alter table agent_runs
  alter column root_run_id set not null,
  alter column principal set not null,
  add foreign key (tenant_id, root_run_id) references agent_runs (tenant_id, id);

drop function start_run(uuid, uuid, text, text, text, text, jsonb, int, text, text, text, uuid, text, bigint);

create function start_run(
  p_tenant uuid, p_run uuid, p_agent text, p_environment text, p_thread text, p_message text, p_metadata jsonb,
  p_deadline_ms int, p_started_by text, p_request_id text, p_client_key text default null,
  p_parent uuid default null, p_parent_step text default null, p_parent_token bigint default null,
  p_user text default null, p_priority smallint default 1
) returns table (outcome text, run_id uuid)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  template agent_templates;
  deadline interval;
  inserted uuid;
  parent agent_runs;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select t.* into template
    from agent_releases r
    join agent_templates t on t.tenant_id = r.tenant_id and t.name = r.agent and t.version = r.version
   where r.tenant_id = p_tenant and r.agent = p_agent and r.environment = p_environment;
  if not found then
    return query select case when exists (
      select 1 from agent_templates t where t.tenant_id = p_tenant and t.name = p_agent
    ) then 'not_released' else 'agent_not_found' end, null::uuid;
    return;
  end if;
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
  deadline := make_interval(secs => coalesce(p_deadline_ms, (template.limits ->> 'runTimeoutMs')::int) / 1000.0);

  insert into threads (tenant_id, id) values (p_tenant, p_thread)
    on conflict (tenant_id, id) do update set updated_at = now();
  insert into agent_runs (tenant_id, id, template_id, agent, version, environment, thread_id, client_key,
      parent_run_id, parent_step, started_by, request_id, message, metadata, deadline_ms, deadline_at, depth,
      root_run_id, principal, on_behalf_of, team, priority)
    values (p_tenant, p_run, template.id, p_agent, template.version, p_environment, p_thread, p_client_key,
      p_parent, p_parent_step, p_started_by, p_request_id, p_message, p_metadata,
      extract(epoch from deadline) * 1000, now() + deadline, coalesce(parent.depth + 1, 0),
      coalesce(parent.root_run_id, p_run), coalesce(parent.principal, p_started_by),
      coalesce(parent.on_behalf_of, p_user), parent.team, coalesce(parent.priority, p_priority))
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
