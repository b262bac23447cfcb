-- The writers of a run. Each is one statement and one commit, and runs with the rights of its caller, under
-- row-level security. Those of the worker take the fencing token: when it is not the run's, they change nothing
-- and return no row, so a worker that lost its lease can't write.

create function start_run(
  p_tenant uuid, p_run uuid, p_agent text, p_environment text, p_thread text, p_message text, p_metadata jsonb,
  p_deadline_ms int, p_started_by text, p_request_id text, p_client_key text default null,
  p_parent uuid default null, p_parent_step text default null, p_parent_token bigint default null
) returns table (outcome text, run_id uuid)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  template agent_templates;
  deadline interval;
  inserted uuid;
  run_depth int := 0;
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
    select r.depth + 1 into run_depth
      from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
     where r.tenant_id = p_tenant and r.id = p_parent and r.status = 'running' and h.lease_token = p_parent_token
       for share of r;
    if not found then
      return query select 'lease_lost', null::uuid;
      return;
    elsif run_depth > 8 then
      return query select 'too_deep', null::uuid;
      return;
    end if;
  end if;
  deadline := make_interval(secs => coalesce(p_deadline_ms, (template.limits ->> 'runTimeoutMs')::int) / 1000.0);

  insert into threads (tenant_id, id) values (p_tenant, p_thread)
    on conflict (tenant_id, id) do update set updated_at = now();
  insert into agent_runs (tenant_id, id, template_id, agent, version, environment, thread_id, client_key,
      parent_run_id, parent_step, started_by, request_id, message, metadata, deadline_ms, deadline_at, depth)
    values (p_tenant, p_run, template.id, p_agent, template.version, p_environment, p_thread, p_client_key,
      p_parent, p_parent_step, p_started_by, p_request_id, p_message, p_metadata,
      extract(epoch from deadline) * 1000, now() + deadline, run_depth)
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

-- Appends after event p_after. Asked again for an append that was committed although its caller was told otherwise,
-- it answers as the first time, with applied = false. With p_let_go it is the worker's last: from then on its fencing
-- token is refused.
create function append_events(
  p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb, p_let_go boolean default false
) returns table (seq int, cancel_requested_by text, applied boolean)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  return query
  with head as (
    update run_heads h set last_seq = h.last_seq + jsonb_array_length(p_events),
        lease_token = case when p_let_go then -p_token else p_token end
     where h.tenant_id = p_tenant and h.run_id = p_run and h.lease_token = p_token and h.last_seq = p_after
    returning h.last_seq, h.cancel_requested_by
  ), journaled as (
    insert into run_events (tenant_id, run_id, seq, type, data)
      select p_tenant, p_run, p_after + position, event ->> 'type', event -> 'data'
        from head, jsonb_array_elements(p_events) with ordinality as e (event, position)
  )
  select head.last_seq, head.cancel_requested_by, true from head;
  if found then return; end if;
  return query
  select h.last_seq, h.cancel_requested_by, false from run_heads h
   where h.tenant_id = p_tenant and h.run_id = p_run and abs(h.lease_token) = p_token
     and h.last_seq = p_after + jsonb_array_length(p_events);
end $$;

-- The same for several runs of a tenant at once: [{ run, token, after, events }]. A run that is missing from the answer
-- was refused; the others are not touched by that.
create function append_shared(p_tenant uuid, p_appends jsonb) returns table (run_id uuid, cancel_requested_by text)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  appended int;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  return query
  with wanted as materialized (
    select * from jsonb_to_recordset(p_appends) as w (run uuid, token bigint, after int, events jsonb)
  ), head as (
    update run_heads h set last_seq = h.last_seq + jsonb_array_length(w.events)
      from wanted w
     where h.tenant_id = p_tenant and h.run_id = w.run and h.lease_token = w.token and h.last_seq = w.after
    returning h.run_id, h.cancel_requested_by
  ), journaled as (
    insert into run_events (tenant_id, run_id, seq, type, data)
      select p_tenant, w.run, w.after + position, event ->> 'type', event -> 'data'
        from head join wanted w on w.run = head.run_id,
             jsonb_array_elements(w.events) with ordinality as e (event, position)
  )
  select head.run_id, head.cancel_requested_by from head;
  get diagnostics appended = row_count;
  if appended = jsonb_array_length(p_appends) then return; end if;
  return query
  select h.run_id, h.cancel_requested_by
    from jsonb_to_recordset(p_appends) as w (run uuid, token bigint, after int, events jsonb)
    join run_heads h on h.tenant_id = p_tenant and h.run_id = w.run and abs(h.lease_token) = w.token
     and h.last_seq = w.after + jsonb_array_length(w.events);
end $$;

-- Appends one event to a run that no worker holds, for what people do to it. The run row must be locked.
create function append_unheld(p_tenant uuid, p_run uuid, p_type text, p_data jsonb) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  last int;
begin
  update run_heads h set last_seq = h.last_seq + 1 where h.tenant_id = p_tenant and h.run_id = p_run
  returning h.last_seq into last;
  insert into run_events (tenant_id, run_id, seq, type, data) values (p_tenant, p_run, last, p_type, p_data);
end $$;

-- The same for events among which are model calls: meters them in the same statement. Every function that writes to
-- both rows of a run locks agent_runs before run_heads, so that no two of them can wait for each other.
create function append_metered_events(
  p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb, p_let_go boolean default false
) returns table (seq int, cancel_requested_by text, applied boolean)
language plpgsql set search_path = public, pg_temp as $$
declare
  appended record;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  perform 1 from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for no key update;
  select * into appended from append_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go);
  if not found then return; end if;
  return query select appended.seq, appended.cancel_requested_by, appended.applied;
  if not appended.applied or not p_events @> '[{"type": "model.finished"}]' then return; end if;
  insert into usage_records (tenant_id, run_id, step, model, input_tokens, output_tokens, cache_read_tokens,
      cache_write_tokens, reasoning_tokens, cost_nanos)
    select p_tenant, p_run, data ->> 'step', data ->> 'model', (usage ->> 'inputTokens')::int,
           (usage ->> 'outputTokens')::int, (usage ->> 'cacheReadTokens')::int, (usage ->> 'cacheWriteTokens')::int,
           (usage ->> 'reasoningTokens')::int, (data ->> 'costNanos')::bigint
      from jsonb_array_elements(p_events) event,
           lateral (select event -> 'data' as data, event -> 'data' -> 'usage' as usage) d
     where event ->> 'type' = 'model.finished';
  update agent_runs r set
      cost_nanos = r.cost_nanos + total.cost,
      input_tokens = r.input_tokens + total.input,
      output_tokens = r.output_tokens + total.output,
      cache_read_tokens = r.cache_read_tokens + total.cache_read,
      cache_write_tokens = r.cache_write_tokens + total.cache_write,
      reasoning_tokens = r.reasoning_tokens + total.reasoning
    from (select coalesce(sum((event -> 'data' ->> 'costNanos')::bigint), 0) as cost,
                 coalesce(sum((event #>> '{data,usage,inputTokens}')::bigint), 0) as input,
                 coalesce(sum((event #>> '{data,usage,outputTokens}')::bigint), 0) as output,
                 coalesce(sum((event #>> '{data,usage,cacheReadTokens}')::bigint), 0) as cache_read,
                 coalesce(sum((event #>> '{data,usage,cacheWriteTokens}')::bigint), 0) as cache_write,
                 coalesce(sum((event #>> '{data,usage,reasoningTokens}')::bigint), 0) as reasoning
            from jsonb_array_elements(p_events) event
           where event ->> 'type' = 'model.finished') total
   where r.tenant_id = p_tenant and r.id = p_run;
end $$;

-- A run that ends wakes its parent. Lock order is parent before child, here and in suspend_run, so neither can
-- miss the other.
create function lock_parent(p_tenant uuid, p_run uuid) returns void
language sql set search_path = public, pg_temp
as $$
  select null::void from (
    select 1 from agent_runs p
     where p.tenant_id = p_tenant
       and p.id = (select c.parent_run_id from agent_runs c where c.tenant_id = p_tenant and c.id = p_run)
       for update
  ) locked
$$;

create function wake_parent(p_tenant uuid, p_run uuid) returns void
language sql set search_path = public, pg_temp
as $$
  update agent_runs p set available_at = now()
   where p.tenant_id = p_tenant and p.status = 'waiting'
     and p.id = (select c.parent_run_id from agent_runs c where c.tenant_id = p_tenant and c.id = p_run)
$$;

create function finish_run(
  p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_status text, p_output jsonb, p_error jsonb, p_events jsonb,
  p_messages jsonb, p_has_parent boolean
) returns table (seq int)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  appended record;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  if p_has_parent then perform lock_parent(p_tenant, p_run); end if;
  select * into appended from append_metered_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go => true);
  if not found then return; end if;
  return query select appended.seq;
  if not appended.applied then return; end if;
  update agent_runs r set status = p_status, output = p_output, error = p_error, finished_at = now(), waits = null,
      worker = null
   where r.tenant_id = p_tenant and r.id = p_run;
  if jsonb_array_length(p_messages) > 0 then
    insert into messages (tenant_id, thread_id, run_id, role, content)
      select p_tenant, r.thread_id, p_run, said ->> 'role', said -> 'content'
        from agent_runs r, jsonb_array_elements(p_messages) with ordinality as m (said, position)
       where r.tenant_id = p_tenant and r.id = p_run
       order by position;
  end if;
  if p_has_parent then perform wake_parent(p_tenant, p_run); end if;
  if p_status <> 'succeeded' then
    perform cancel_children(p_tenant, p_run, 'run:' || p_run);
  end if;
end $$;

-- Gives the run back until the earliest wait is over; at once when a child that it waits for has ended already.
create function suspend_run(p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb, p_waits jsonb)
returns table (seq int)
language plpgsql set search_path = public, pg_temp as $$
declare
  appended record;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select * into appended from append_metered_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go => true);
  if not found then return; end if;
  return query select appended.seq;
  if not appended.applied then return; end if;
  update agent_runs r set status = 'waiting', waits = p_waits, worker = null, crashes = 0, available_at = least(
      r.deadline_at,
      case when appended.cancel_requested_by is not null then now() end,
      case when exists (
        select 1 from agent_runs c
         where c.tenant_id = p_tenant
           and c.id in (select (w ->> 'runId')::uuid from jsonb_array_elements(p_waits) w where w ->> 'kind' = 'child')
           and c.status in ('succeeded', 'failed', 'cancelled')
      ) then now() end,
      (select min((w ->> 'until')::timestamptz) from jsonb_array_elements(p_waits) w))
   where r.tenant_id = p_tenant and r.id = p_run;
end $$;

-- A worker that shuts down hands a run to the next one; this is no crash.
create function release_run(p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb) returns table (seq int)
language plpgsql set search_path = public, pg_temp as $$
declare
  appended record;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select * into appended from append_metered_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go => true);
  if not found then return; end if;
  return query select appended.seq;
  if not appended.applied then return; end if;
  update agent_runs r set status = 'queued', worker = null, available_at = now()
   where r.tenant_id = p_tenant and r.id = p_run;
end $$;

-- What people do to a run. Outcome: ok, not_found, or the status that forbids it.
create function cancel_run(p_tenant uuid, p_run uuid, p_by text) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  run agent_runs;
begin
  perform lock_parent(p_tenant, p_run);
  select * into run from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for update;
  if not found then return 'not_found'; end if;
  if run.status in ('succeeded', 'failed') then return run.status; end if;
  if run.status = 'running' then
    update run_heads h set cancel_requested_by = p_by where h.tenant_id = p_tenant and h.run_id = p_run;
  elsif run.status in ('queued', 'waiting') then
    update agent_runs r set status = 'cancelled', finished_at = now(), waits = null
     where r.tenant_id = p_tenant and r.id = p_run;
    perform append_unheld(p_tenant, p_run, 'run.cancelled', jsonb_build_object('by', p_by));
    perform wake_parent(p_tenant, p_run);
  end if;
  perform cancel_children(p_tenant, p_run, p_by);
  return 'ok';
end $$;

create function cancel_children(p_tenant uuid, p_run uuid, p_by text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  child uuid;
begin
  for child in
    select c.id from agent_runs c
     where c.tenant_id = p_tenant and c.parent_run_id = p_run and c.status in ('queued', 'running', 'waiting')
  loop
    perform cancel_run(p_tenant, child, p_by);
  end loop;
end $$;

-- Queues the children again that were cancelled because this run failed, so that it finds them as it left them.
create function requeue_children(p_tenant uuid, p_run uuid, p_cancelled_by text, p_by text) returns void
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
    perform requeue_children(p_tenant, child, p_cancelled_by, p_by);
  end loop;
end $$;

create function requeue(p_tenant uuid, p_run uuid, p_by text) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  update agent_runs r set status = 'queued', available_at = now(), error = null, finished_at = null, crashes = 0,
      attempt = r.attempt + 1, deadline_at = now() + make_interval(secs => r.deadline_ms / 1000.0)
   where r.tenant_id = p_tenant and r.id = p_run;
  update run_heads h set cancel_requested_by = null where h.tenant_id = p_tenant and h.run_id = p_run;
  perform append_unheld(p_tenant, p_run, 'run.redriven', jsonb_build_object('by', p_by));
end $$;

create function redrive_run(p_tenant uuid, p_run uuid, p_by text) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  run agent_runs;
begin
  select * into run from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for update;
  if not found then return 'not_found'; end if;
  if run.status <> 'failed' then return run.status; end if;
  perform requeue(p_tenant, p_run, p_by);
  perform requeue_children(p_tenant, p_run, 'run:' || p_run, p_by);
  return 'ok';
end $$;

create function decide_run(p_tenant uuid, p_run uuid, p_step text, p_decision text, p_by text) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  run agent_runs;
begin
  select * into run from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for update;
  if not found then return 'not_found'; end if;
  if run.status <> 'waiting' or not run.waits @> jsonb_build_array(jsonb_build_object(
    'step', p_step, 'kind', 'decision')) then return run.status; end if;
  update agent_runs r set available_at = now(),
      waits = (select coalesce(jsonb_agg(w), '[]') from jsonb_array_elements(r.waits) w where w ->> 'step' <> p_step)
   where r.tenant_id = p_tenant and r.id = p_run;
  perform append_unheld(p_tenant, p_run, 'decision.made',
    jsonb_build_object('step', p_step, 'decision', p_decision, 'by', p_by));
  return 'ok';
end $$;

create function read_events(p_tenant uuid, p_run uuid, p_after int, p_limit int)
returns table (seq int, type text, at timestamptz, data jsonb)
language plpgsql set search_path = public, pg_temp as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  return query select e.seq, e.type, e.at, e.data from run_events e
    where e.tenant_id = p_tenant and e.run_id = p_run and e.seq > p_after order by e.seq limit p_limit;
end $$;
