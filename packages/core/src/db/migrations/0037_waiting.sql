-- A run's clock stands still while it waits for people, and a conversation has one run at a time and is of whoever began it.

-- Since when a run has been waiting for people.
alter table agent_runs add column clock_stopped_at timestamptz;

-- The runs that a run with these waits is waiting for, and those that they are waiting for themselves.
create function awaited_runs(p_tenant uuid, p_waits jsonb)
returns table (deadline_at timestamptz, clock_stopped_at timestamptz)
language sql stable set search_path = public, pg_temp as $$
  with recursive awaited as (
    select c.deadline_at, c.clock_stopped_at, c.waits from agent_runs c
     where c.tenant_id = p_tenant
       and c.id in (select (w ->> 'runId')::uuid from jsonb_array_elements(p_waits) w where w ->> 'kind' = 'child')
    union all
    select c.deadline_at, c.clock_stopped_at, c.waits from awaited a
      cross join lateral jsonb_array_elements(a.waits) w
      join agent_runs c on c.tenant_id = p_tenant and c.id = (w ->> 'runId')::uuid
     where w ->> 'kind' = 'child'
  )
  select a.deadline_at, a.clock_stopped_at from awaited a
$$;

-- A run that goes on has as long as it had when it began to wait for people, and no less than those that it waited for:
-- what they waited for people is not its time, either.
create function start_clock() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  new.deadline_at := greatest(
    old.deadline_at + coalesce(now() - old.clock_stopped_at, interval '0'),
    (select max(a.deadline_at + coalesce(now() - a.clock_stopped_at, interval '0'))
       from awaited_runs(old.tenant_id, old.waits) a));
  new.clock_stopped_at := null;
  return new;
end $$;

create trigger start_clock before update of status on agent_runs for each row
  when (old.status = 'waiting' and new.status <> 'waiting') execute function start_clock();

-- As in 0008, but for the clock. A run that waits for people, itself or through those that it waits for, has no deadline
-- to be woken at: an approval ends at its own time, and whoever ends wakes who waits for it.
create or replace function suspend_run(
  p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb, p_waits jsonb
) returns table (seq int)
language plpgsql set search_path = public, pg_temp as $$
declare
  appended record;
  for_people boolean := jsonb_path_exists(p_waits, '$[*] ? (@.kind == "approval" || @.kind == "decision")');
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select * into appended from append_metered_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go => true);
  if not found then return; end if;
  return query select appended.seq;
  if not appended.applied then return; end if;
  update agent_runs r set status = 'waiting', waits = p_waits, worker = null, failed_attempts = 0,
      clock_stopped_at = case when for_people then now() end,
      available_at = coalesce(least(
        case when not for_people and not exists (
          select 1 from awaited_runs(p_tenant, p_waits) a where a.clock_stopped_at is not null
        ) then r.deadline_at end,
        case when appended.cancel_requested_by is not null then now() end,
        case when exists (
          select 1 from agent_runs c
           where c.tenant_id = p_tenant
             and c.id in (select (w ->> 'runId')::uuid from jsonb_array_elements(p_waits) w where w ->> 'kind' = 'child')
             and c.status in ('succeeded', 'failed', 'cancelled')
        ) then now() end,
        case when exists (
          select 1 from approvals a
           where a.tenant_id = p_tenant and a.status <> 'pending'
             and a.id in (select (w ->> 'approvalId')::uuid from jsonb_array_elements(p_waits) w)
        ) then now() end,
        (select min((w ->> 'until')::timestamptz) from jsonb_array_elements(p_waits) w)), 'infinity')
   where r.tenant_id = p_tenant and r.id = p_run;
end $$;

-- As in 0008, but that an approval has the time that its policy gives it, whatever its run has.
create or replace function record_approvals(p_tenant uuid, p_run uuid, p_events jsonb) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  used jsonb;
begin
  insert into approvals (tenant_id, id, run_id, step, agent, version, kind, tool, tool_call_id, reason, arguments,
      arguments_hash, requested_by, approver_actors, approver_roles, quorum, allow_self, expires_at, on_expiry)
    select p_tenant, (data ->> 'approvalId')::uuid, p_run, data ->> 'step', r.agent, r.version, data ->> 'kind',
           data ->> 'tool', data ->> 'toolCallId', data ->> 'reason', data -> 'arguments', data ->> 'argumentsHash',
           r.principal, array(select jsonb_array_elements_text(data #> '{approvers,actors}')),
           array(select jsonb_array_elements_text(data #> '{approvers,roles}')), (data ->> 'quorum')::int,
           (data ->> 'allowSelf')::boolean, (data ->> 'expiresAt')::timestamptz, data ->> 'onExpiry'
      from agent_runs r, jsonb_array_elements(p_events) event, lateral (select event -> 'data' as data) d
     where r.tenant_id = p_tenant and r.id = p_run and event ->> 'type' = 'approval.requested';
  for used in
    select event -> 'data' from jsonb_array_elements(p_events) event where event ->> 'type' = 'approval.used'
  loop
    update approvals a set used_at = now()
     where a.tenant_id = p_tenant and a.run_id = p_run and a.id = (used ->> 'approvalId')::uuid
       and a.step = used ->> 'step' and a.used_at is null
       and coalesce(a.edited_hash, a.arguments_hash) = used ->> 'argumentsHash'
       and (a.status = 'approved' or a.status = 'expired' and a.on_expiry = 'approve');
    if not found then
      raise exception 'approval % does not allow this, or was used already', used ->> 'approvalId'
        using errcode = 'check_violation';
    end if;
  end loop;
end $$;

-- Who began a conversation, so that theirs are found without a look at its runs; null: a run did, by delegating.
alter table threads add column principal text;
alter table threads no force row level security;
alter table agent_runs no force row level security;
update threads t set principal = first.principal
  from (select distinct on (r.tenant_id, r.thread_id) r.tenant_id, r.thread_id, r.principal, r.parent_run_id
          from agent_runs r order by r.tenant_id, r.thread_id, r.id) first
 where first.tenant_id = t.tenant_id and first.thread_id = t.id and first.parent_run_id is null;
alter table agent_runs force row level security;
alter table threads force row level security;
create index threads_by_principal on threads (tenant_id, principal, created_at desc, id desc);

-- Its thread comes first, so that no plan takes it for what a claim looks for.
create index agent_runs_at_work on agent_runs (thread_id, tenant_id) where status in ('queued', 'running', 'waiting');

-- The run that a conversation is at, of whatever team, and the newest if there are several. One that is to be cancelled
-- says nothing any more.
create function run_at_work(p_tenant uuid, p_thread text) returns uuid
language plpgsql set search_path = public, pg_temp as $$
declare
  teams constant text := coalesce(current_setting('app.team_ids', true), '');
  found_run uuid;
begin
  perform set_config('app.team_ids', '', true);
  select r.id into found_run
    from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
   where r.tenant_id = p_tenant and r.thread_id = p_thread and r.status in ('queued', 'running', 'waiting')
     and h.cancel_requested_by is null
   order by r.created_at desc limit 1;
  perform set_config('app.team_ids', teams, true);
  return found_run;
end $$;

-- As in 0034, but that a conversation has one run at a time: another would answer without what the first one says.
create or replace function start_run(
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
  answering uuid;
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

  -- Locks the thread, so that its runs are started and redriven, and choose their version, one after the other.
  insert into threads (tenant_id, id, team, principal)
    values (p_tenant, p_thread, run_team, case when p_parent is null then p_started_by end)
    on conflict (tenant_id, id) do update set updated_at = now() where false;
  select t.team into thread_team from threads t where t.tenant_id = p_tenant and t.id = p_thread;
  -- What was said there would be told to this team, whoever starts the run.
  if run_team is not null and thread_team is distinct from run_team then
    return query select 'thread_of_others', null::uuid;
    return;
  end if;
  answering := run_at_work(p_tenant, p_thread);
  -- Asked again for a run that was accepted before, it is found below, whatever is said in its conversation now.
  if answering is not null and not exists (
    select 1 from agent_runs known where known.tenant_id = p_tenant and known.client_key = p_client_key
  ) then
    return query select 'thread_busy', answering;
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
  update threads t set updated_at = now() where t.tenant_id = p_tenant and t.id = p_thread and t.updated_at < now();
  insert into messages (tenant_id, thread_id, run_id, role, content)
    values (p_tenant, p_thread, p_run, 'user', to_jsonb(p_message));
  insert into run_events (tenant_id, run_id, seq, type, data)
    values (p_tenant, p_run, 1, 'run.created', jsonb_build_object(
      'agent', p_agent, 'version', template.version, 'environment', p_environment, 'threadId', p_thread,
      'message', p_message, 'parentRunId', p_parent));
  return query select 'created', p_run;
end $$;

-- As in 0005, but that a conversation that is at another run stays with it: 'thread_busy', and which one.
create or replace function redrive_run(p_tenant uuid, p_run uuid, p_by text) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  run agent_runs;
  answering uuid;
begin
  -- The thread before its runs, as where one is started.
  perform 1 from threads t
   where t.tenant_id = p_tenant
     and t.id = (select r.thread_id from agent_runs r where r.tenant_id = p_tenant and r.id = p_run)
     for no key update;
  select * into run from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for update;
  if not found then return 'not_found'; end if;
  if run.status <> 'failed' then return run.status; end if;
  answering := run_at_work(p_tenant, run.thread_id);
  if answering is not null then return 'thread_busy ' || answering; end if;
  perform requeue(p_tenant, p_run, p_by);
  perform requeue_children(p_tenant, p_run, 'run:' || p_run, p_by);
  return 'ok';
end $$;

-- As in 0005, but that they have as long as who waits for them: what was left when they began may be seconds.
create or replace function requeue_children(p_tenant uuid, p_run uuid, p_cancelled_by text, p_by text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  child uuid;
begin
  for child in
    select c.id from agent_runs c join run_heads h on h.tenant_id = c.tenant_id and h.run_id = c.id
      join run_events e on e.tenant_id = h.tenant_id and e.run_id = h.run_id and e.seq = h.last_seq
     where c.tenant_id = p_tenant and c.parent_run_id = p_run and c.status = 'cancelled'
       and e.data ->> 'by' = p_cancelled_by
       for update of c
  loop
    perform requeue(p_tenant, child, p_by);
    update agent_runs c set deadline_at = p.deadline_at from agent_runs p
     where c.tenant_id = p_tenant and c.id = child and p.tenant_id = p_tenant and p.id = p_run;
    perform requeue_children(p_tenant, child, p_cancelled_by, p_by);
  end loop;
end $$;

-- As in 0009, but that it passes over the runs of conversations that are at another one, and tells how many these are. Of
-- several of a conversation it takes the oldest.
drop function redrive_dead_runs(uuid, text, text, text, timestamptz, timestamptz, int);
create function redrive_dead_runs(
  p_tenant uuid, p_by text, p_agent text, p_code text, p_from timestamptz, p_to timestamptz, p_limit int
) returns table (redriven uuid[], remaining bigint, busy bigint)
language plpgsql set search_path = public, pg_temp as $$
declare
  chosen uuid[];
  run_id uuid;
  done uuid[] := '{}';
begin
  chosen := array(
    select r.id from agent_runs r
     where r.tenant_id = p_tenant and r.dead
       and (p_agent is null or r.agent = p_agent) and (p_code is null or r.error ->> 'code' = p_code)
       and (p_from is null or r.finished_at >= p_from) and (p_to is null or r.finished_at < p_to)
       and run_at_work(p_tenant, r.thread_id) is null
     order by r.id limit p_limit);
  -- In an order, so that no two that do this wait for each other.
  perform 1 from threads t
   where t.tenant_id = p_tenant
     and t.id in (select r.thread_id from agent_runs r where r.tenant_id = p_tenant and r.id = any (chosen))
   order by t.id for no key update;
  -- Each was dead when it was found, and may have been redriven while this waited for a lock.
  foreach run_id in array chosen loop
    if redrive_run(p_tenant, run_id, p_by) = 'ok' then done := done || run_id; end if;
  end loop;
  return query
  select done, count(*), count(run_at_work(p_tenant, r.thread_id)) from agent_runs r
   where r.tenant_id = p_tenant and r.dead
     and (p_agent is null or r.agent = p_agent) and (p_code is null or r.error ->> 'code' = p_code)
     and (p_from is null or r.finished_at >= p_from) and (p_to is null or r.finished_at < p_to);
end $$;
