-- Every door between tenants. Each function here runs as freehold_doors, which may cross tenants on the tables that
-- name it in a policy, and on no other. Nothing outside this file is SECURITY DEFINER.
-- Run again whenever it changes, as freehold_doors; `create or replace` keeps a running older server working.

create or replace function door_find_api_key(p_hash bytea)
returns table (tenant_id uuid, key_id uuid, name text, scopes text[], tenant_status text)
language sql stable security definer set search_path = public, pg_temp as $$
  select k.tenant_id, k.id, k.name, k.scopes, t.status
    from api_keys k join tenants t on t.id = k.tenant_id
   where k.key_hash = p_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
$$;

create or replace function door_find_operator_key(p_hash bytea) returns table (key_id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select k.id from operator_keys k where k.key_hash = p_hash
$$;

create or replace function door_register_operator_key(p_id uuid, p_hash bytea) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  insert into operator_keys (id, key_hash) values (p_id, p_hash) on conflict do nothing
$$;

create or replace function door_list_tenants(p_after text, p_limit int)
returns table (id uuid, name text, status text, allowed_hosts text[], created_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, t.name, t.status, t.allowed_hosts, t.created_at
    from tenants t where p_after is null or t.name > p_after order by t.name limit p_limit
$$;

-- Takes up to p_limit runs for a worker, fairly: the tenant with the fewest running runs for its weight goes first,
-- then the one that was served longest ago. Cost grows with the tenants that have work, not with the backlog.
-- One claim at a time, so that the caps are exact. A run whose worker died p_max_crashes times is ended here.
create or replace function door_claim_runs(p_worker text, p_limit int, p_lease_ms int, p_max_crashes int)
returns table (
  tenant_id uuid, id uuid, agent text, version int, environment text, thread_id text, parent_run_id uuid,
  request_id text, message text, metadata jsonb, deadline_at timestamptz, deadline_in_ms int, lease_token bigint,
  attempt int, last_seq int, cancel_requested_by text, program text, model text, fallback_models text[],
  prompts jsonb, tools text[], limits jsonb, allowed_hosts text[]
)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  dead record;
begin
  if not exists (
    select 1 from agent_runs r where r.status in ('queued', 'running', 'waiting') and r.available_at <= now()
  ) then return; end if;
  perform pg_advisory_xact_lock(hashtextextended('freehold.claim', 0));
  for dead in
    update agent_runs r set status = 'failed', worker = null, crashes = r.crashes + 1, finished_at = now(),
        error = jsonb_build_object('code', 'worker_lost', 'message', 'The worker died ' || r.crashes + 1
          || ' times while it ran this. Fix the cause, then redrive the run.')
     where (r.tenant_id, r.id) in (
       select q.tenant_id, q.id from agent_runs q
        where q.status = 'running' and q.available_at <= now() and q.crashes + 1 >= p_max_crashes
          for update skip locked)
    returning r.*
  loop
    with head as (
      update run_heads h set lease_token = -(abs(h.lease_token) + 1), last_seq = h.last_seq + 1
       where h.tenant_id = dead.tenant_id and h.run_id = dead.id returning h.last_seq
    )
    insert into run_events (tenant_id, run_id, seq, type, data)
      select dead.tenant_id, dead.id, head.last_seq, 'run.failed', jsonb_build_object('error', dead.error) from head;
    update agent_runs p set available_at = now()
     where p.tenant_id = dead.tenant_id and p.id = dead.parent_run_id and p.status = 'waiting';
    -- Nobody waits for its children any more. Whoever works on them next ends them.
    update run_heads h set cancel_requested_by = 'run:' || dead.id
      from agent_runs c
     where c.tenant_id = dead.tenant_id and c.parent_run_id = dead.id
       and c.status in ('queued', 'running', 'waiting') and h.tenant_id = c.tenant_id and h.run_id = c.id;
    update agent_runs c set available_at = now()
     where c.tenant_id = dead.tenant_id and c.parent_run_id = dead.id and c.status in ('queued', 'waiting');
  end loop;
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
    select t.tenant_id, r.id, r.status,
           (t.running + row_number() over (partition by t.tenant_id order by r.available_at, r.id))::float
             / t.weight as share, t.last_claimed_at
      from candidate_tenant t
      cross join lateral (
        select q.id, q.status, q.available_at from agent_runs q
         where q.tenant_id = t.tenant_id and q.status in ('queued', 'running', 'waiting')
           and q.available_at <= now()
         order by q.available_at limit t.room for update skip locked
      ) r
  ), chosen as materialized (
    select c.* from candidate c order by c.share, c.last_claimed_at nulls first limit p_limit
  ), served as (
    update tenants t set last_claimed_at = clock_timestamp()
     where t.id in (select c.tenant_id from chosen c) returning 1
  ), claimed as (
    update agent_runs r set
        status = 'running',
        worker = p_worker,
        crashes = r.crashes + (c.status = 'running')::int,
        attempt = r.attempt + (c.status = 'running')::int,
        available_at = now() + make_interval(secs => p_lease_ms / 1000.0),
        started_at = coalesce(r.started_at, now()),
        waits = null
      from chosen c where r.tenant_id = c.tenant_id and r.id = c.id
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
         k.message, k.metadata, k.deadline_at, (extract(epoch from k.deadline_at - now()) * 1000)::int,
         h.lease_token, k.attempt, h.last_seq, h.cancel_requested_by, t.program, t.model, t.fallback_models,
         t.prompts, t.tools, t.limits, n.allowed_hosts
    from claimed k
    join head h on h.tenant_id = k.tenant_id and h.run_id = k.id
    join agent_templates t on t.tenant_id = k.tenant_id and t.id = k.template_id
    join tenants n on n.id = k.tenant_id;
end $$;

-- Extends the leases of the runs that a worker is at, and tells it which of them are to be cancelled. A run that the
-- worker gave up, or never heard that it has claimed, is not among them, so its lease runs out.
create or replace function door_renew_leases(p_worker text, p_lease_ms int, p_runs uuid[])
returns table (tenant_id uuid, id uuid, lease_token bigint, cancel_requested_by text)
language sql volatile security definer set search_path = public, pg_temp as $$
  update agent_runs r set available_at = now() + make_interval(secs => p_lease_ms / 1000.0)
    from run_heads h
   where r.worker = p_worker and r.status = 'running' and r.id = any (p_runs) and h.tenant_id = r.tenant_id and h.run_id = r.id
  returning r.tenant_id, r.id, h.lease_token, h.cancel_requested_by
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
