-- Every door between tenants. Each function here runs as freehold_doors, which may cross tenants on the tables that
-- name it in a policy, and on no other. Nothing outside this file is SECURITY DEFINER.
-- Run again as freehold_doors whenever it changes: in one transaction the old doors go and these come.

do $$
declare
  door regprocedure;
begin
  for door in
    select p.oid from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proowner = 'freehold_doors'::regrole
  loop
    execute format('drop function %s', door);
  end loop;
end $$;

create function door_find_api_key(p_hash bytea)
returns table (tenant_id uuid, key_id uuid, name text, scopes text[], roles text[], tenant_status text)
language sql stable security definer set search_path = public, pg_temp as $$
  select k.tenant_id, k.id, k.name, k.scopes, k.roles, t.status
    from api_keys k join tenants t on t.id = k.tenant_id
   where k.key_hash = p_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
$$;

create function door_find_operator_key(p_hash bytea) returns table (key_id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select k.id from operator_keys k where k.key_hash = p_hash
$$;

-- Replaces every other key. One registration at a time, so that of two at once one key is left.
create function door_register_operator_key(p_id uuid, p_hash bytea) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  select pg_advisory_xact_lock(hashtextextended('freehold.operator-key', 0));
  delete from operator_keys k where k.key_hash <> p_hash;
  insert into operator_keys (id, key_hash) values (p_id, p_hash) on conflict do nothing
$$;

create function door_list_tenants(p_after text, p_limit int)
returns table (
  id uuid, name text, status text, allowed_hosts text[], created_at timestamptz, time_zone text,
  assumed_input_nanos bigint, assumed_output_nanos bigint
)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, t.name, t.status, t.allowed_hosts, t.created_at, t.time_zone, t.assumed_input_nanos,
         t.assumed_output_nanos
    from tenants t where p_after is null or t.name > p_after order by t.name limit p_limit
$$;

-- Ends the runs whose workers died p_max_crashes times. Parent before child, as everywhere.
create function door_end_crashed_runs(p_max_crashes int) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  crashed record;
  ended agent_runs;
begin
  for crashed in
    select r.tenant_id, r.id, r.parent_run_id from agent_runs r
     where r.status = 'running' and r.available_at <= now() and r.crashes + 1 >= p_max_crashes
  loop
    perform 1 from agent_runs p
      where p.tenant_id = crashed.tenant_id and p.id = crashed.parent_run_id for no key update;
    update agent_runs r set status = 'failed', worker = null, crashes = r.crashes + 1, finished_at = now(),
        error = jsonb_build_object('code', 'worker_lost', 'message', 'The worker died ' || r.crashes + 1
          || ' times while it ran this. Fix the cause, then redrive the run.')
     where r.tenant_id = crashed.tenant_id and r.id = crashed.id
       and r.status = 'running' and r.available_at <= now()
    returning * into ended;
    continue when not found;
    with head as (
      update run_heads h set lease_token = -(abs(h.lease_token) + 1), last_seq = h.last_seq + 1
       where h.tenant_id = ended.tenant_id and h.run_id = ended.id returning h.last_seq
    )
    insert into run_events (tenant_id, run_id, seq, type, data)
      select ended.tenant_id, ended.id, head.last_seq, 'run.failed', jsonb_build_object('error', ended.error) from head;
    update agent_runs p set available_at = now()
     where p.tenant_id = ended.tenant_id and p.id = ended.parent_run_id and p.status = 'waiting';
    -- Nobody waits for its children any more. Whoever works on them next ends them.
    update agent_runs c set available_at = case when c.status = 'running' then c.available_at else now() end
     where c.tenant_id = ended.tenant_id and c.parent_run_id = ended.id
       and c.status in ('queued', 'running', 'waiting');
    update run_heads h set cancel_requested_by = 'run:' || ended.id
      from agent_runs c
     where c.tenant_id = ended.tenant_id and c.parent_run_id = ended.id
       and c.status in ('queued', 'running', 'waiting') and h.tenant_id = c.tenant_id and h.run_id = c.id;
  end loop;
end $$;

-- Takes up to p_limit runs for a worker, fairly: the tenant with the fewest running runs for its weight goes first,
-- then the one that was served longest ago. Cost grows with the tenants that have work, not with the backlog.
-- One claim at a time, so that the caps are exact.
create function door_claim_runs(p_worker text, p_limit int, p_lease_ms int, p_max_crashes int)
returns table (
  tenant_id uuid, id uuid, agent text, version int, environment text, thread_id text, parent_run_id uuid,
  request_id text, message text, metadata jsonb, now_ms bigint, deadline_in_ms int, lease_token bigint,
  attempt int, last_seq int, cancel_requested_by text, program text, model text, fallback_models text[],
  prompts jsonb, tools text[], limits jsonb, approvals jsonb, allowed_hosts text[]
)
-- The plan is the same for every claim, and making it costs more than running it.
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  if not exists (
    select 1 from agent_runs r where r.status in ('queued', 'running', 'waiting') and r.available_at <= now()
  ) then return; end if;
  perform pg_advisory_xact_lock(hashtextextended('freehold.claim', 0));
  perform door_end_crashed_runs(p_max_crashes);
  return query
  with recursive active (tenant_id) as (
    (select r.tenant_id from agent_runs r where r.status in ('queued', 'running', 'waiting')
      order by r.tenant_id limit 1)
    union all
    select (select r.tenant_id from agent_runs r
             where r.status in ('queued', 'running', 'waiting') and r.tenant_id > a.tenant_id
             order by r.tenant_id limit 1)
      from active a where a.tenant_id is not null
  ), candidate_tenant as (
    select t.id as tenant_id, t.weight, t.last_claimed_at, running.count as running,
           least(p_limit, t.max_running_runs - running.count)::int as room
      from active a join tenants t on t.id = a.tenant_id and t.status = 'active'
      cross join lateral (
        select count(*) from agent_runs r
         where r.tenant_id = t.id and r.status = 'running' and r.available_at > now()
      ) running
     where running.count < t.max_running_runs
  ), candidate as (
    select t.tenant_id, r.id, t.last_claimed_at,
           (t.running + row_number() over (partition by t.tenant_id order by r.available_at, r.id))::float
             / t.weight as share
      from candidate_tenant t
      cross join lateral (
        select q.id, q.available_at from agent_runs q
         where q.tenant_id = t.tenant_id and q.status in ('queued', 'running', 'waiting')
           and q.available_at <= now()
         order by q.available_at limit t.room
      ) r
  ), chosen as materialized (
    select c.tenant_id, c.id from candidate c order by c.share, c.last_claimed_at nulls first limit p_limit
  ), locked as materialized (
    select r.tenant_id, r.id, r.status from agent_runs r join chosen c on r.tenant_id = c.tenant_id and r.id = c.id
     where r.status in ('queued', 'running', 'waiting') and r.available_at <= now()
       for no key update of r skip locked
  ), served as (
    update tenants t set last_claimed_at = clock_timestamp()
     where t.id in (select l.tenant_id from locked l) returning 1
  ), claimed as (
    update agent_runs r set
        status = 'running',
        worker = p_worker,
        crashes = r.crashes + (l.status = 'running')::int,
        attempt = r.attempt + (l.status = 'running')::int,
        available_at = now() + make_interval(secs => p_lease_ms / 1000.0),
        started_at = coalesce(r.started_at, now()),
        waits = null
      from locked l where r.tenant_id = l.tenant_id and r.id = l.id
    returning r.*
  ), head as (
    update run_heads h set lease_token = abs(h.lease_token) + 1, last_seq = h.last_seq + 1
      from claimed k where h.tenant_id = k.tenant_id and h.run_id = k.id
    returning h.*
  ), journaled as (
    insert into run_events (tenant_id, run_id, seq, type, data)
      select k.tenant_id, k.id, h.last_seq,
             case when h.last_seq = 2 then 'run.started' else 'run.resumed' end,
             jsonb_build_object('attempt', k.attempt, 'worker', p_worker)
        from claimed k join head h on h.tenant_id = k.tenant_id and h.run_id = k.id
    returning 1
  )
  select k.tenant_id, k.id, k.agent, k.version, k.environment, k.thread_id, k.parent_run_id, k.request_id,
         k.message, k.metadata, (extract(epoch from clock_timestamp()) * 1000)::bigint,
         -- An installation that was off for months must still be able to end what is overdue.
         greatest(-1, least(extract(epoch from k.deadline_at - now()) * 1000, 2147483647))::int,
         h.lease_token, k.attempt, h.last_seq, h.cancel_requested_by, t.program, t.model, t.fallback_models,
         t.prompts, t.tools, t.limits, t.approvals, n.allowed_hosts
    from claimed k
    join head h on h.tenant_id = k.tenant_id and h.run_id = k.id
    join agent_templates t on t.tenant_id = k.tenant_id and t.id = k.template_id
    join tenants n on n.id = k.tenant_id;
end $$;

-- Extends the leases of the runs that a worker is at, and tells it which of them are to be cancelled. A run that the
-- worker gave up, or never heard that it has claimed, is not among them, so its lease runs out. Ids grow with time, so
-- locking in their order locks a parent before its child.
create function door_renew_leases(p_worker text, p_lease_ms int, p_runs uuid[])
returns table (tenant_id uuid, id uuid, lease_token bigint, cancel_requested_by text)
language sql volatile security definer set search_path = public, pg_temp as $$
  with held as materialized (
    select r.tenant_id, r.id from agent_runs r
     where r.worker = p_worker and r.status = 'running' and r.id = any (p_runs)
     order by r.id for no key update
  )
  update agent_runs r set available_at = now() + make_interval(secs => p_lease_ms / 1000.0)
    from held join run_heads h on h.tenant_id = held.tenant_id and h.run_id = held.id
   where r.tenant_id = held.tenant_id and r.id = held.id
  returning r.tenant_id, r.id, h.lease_token, h.cancel_requested_by
$$;

-- Some at a time, past those that a request takes over just now. Returns how many.
create function door_forget_requests(p_limit int) returns int
language sql volatile security definer set search_path = public, pg_temp as $$
  with expired as materialized (
    select k.tenant_id, k.operation, k.key_hash from idempotency_keys k where k.expires_at <= now()
     order by k.expires_at limit p_limit for update skip locked
  ), forgotten as (
    delete from idempotency_keys k using expired e
     where k.tenant_id = e.tenant_id and k.operation = e.operation and k.key_hash = e.key_hash
    returning 1
  )
  select count(*)::int from forgotten
$$;

-- Runs with model calls whose lease is over, for `settle_lost_calls` on their tenants' own ground.
create function door_find_lost_calls(p_limit int) returns table (tenant_id uuid, run_id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select distinct c.tenant_id, c.run_id from budget_reservations c
   where not c.lost and not exists (
     select 1 from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
      where r.tenant_id = c.tenant_id and r.id = c.run_id and r.status = 'running' and r.available_at > now()
        and h.lease_token = c.lease_token)
   limit p_limit
$$;

-- The active schedules of active tenants whose next tick is due, or will be within p_within_ms, soonest first.
create function door_due_schedules(p_within_ms int, p_limit int)
returns table (
  tenant_id uuid, id uuid, cron text, time_zone text, catch_up text, next_at timestamptz, due_in_ms float,
  database_now timestamptz
)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.tenant_id, s.id, s.cron, s.time_zone, s.catch_up, s.next_at, extract(epoch from s.next_at - now()) * 1000,
         now()
    from schedules s join tenants t on t.id = s.tenant_id and t.status = 'active'
   where s.status = 'active' and s.next_at <= now() + p_within_ms * interval '1 millisecond'
   order by s.next_at limit p_limit
$$;

-- A door opens for the server only.
do $$
declare
  door regprocedure;
begin
  for door in
    select p.oid from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proowner = 'freehold_doors'::regrole
  loop
    execute format('revoke all on function %s from public', door);
    execute format('grant execute on function %s to freehold_app', door);
  end loop;
end $$;
