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

-- The tenants that a person belongs to, by name, with the teams in them.
create function door_read_memberships(p_person uuid) returns jsonb
language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'status', t.status, 'roles', m.roles,
           'source', m.source, 'teams', coalesce(joined.teams, '[]')) order by t.name), '[]')
    from memberships m join tenants t on t.id = m.tenant_id
    cross join lateral (
      select jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'roles', j.roles) order by w.name) as teams
        from team_members j join teams w on w.tenant_id = j.tenant_id and w.id = j.team_id
       where j.tenant_id = m.tenant_id and j.person_id = m.person_id
    ) joined
   where m.person_id = p_person and (m.expires_at is null or m.expires_at > now())
$$;

create function door_find_api_key(p_hash bytea)
returns table (
  tenant_id uuid, key_id uuid, name text, scopes text[], roles text[], tenant_status text, environment text,
  requests_per_second float8, key_requests_per_second float8, key_burst int, user_requests_per_second float8,
  user_burst int, tenant_requests_per_second float8, tenant_burst int, team_id uuid, member jsonb
)
language sql stable security definer set search_path = public, pg_temp as $$
  select k.tenant_id, k.id, k.name, k.scopes, k.roles, t.status, k.environment, k.requests_per_second,
         p.key_requests_per_second, p.key_burst, p.user_requests_per_second, p.user_burst,
         p.tenant_requests_per_second, p.tenant_burst, o.team_id, m.member
    from api_keys k join tenants t on t.id = k.tenant_id join plans p on p.name = t.plan
    left join resource_owners o on o.tenant_id = k.tenant_id and o.kind = 'key' and o.resource = k.id::text
    -- The service account that it acts as, with its name.
    left join lateral (
      select held || jsonb_build_object('person', a.id, 'personName', a.name) as member
        from people a cross join jsonb_array_elements(door_read_memberships(a.id)) held
       where a.id = k.member_id and held ->> 'id' = k.tenant_id::text
    ) m on true
   where k.key_hash = p_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
     and (k.member_id is null or m.member is not null)
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
  id uuid, name text, status text, plan text, allowed_hosts text[], created_at timestamptz, time_zone text,
  assumed_input_nanos bigint, assumed_output_nanos bigint, production_approvals int, production_approver_role text
)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, t.name, t.status, t.plan, t.allowed_hosts, t.created_at, t.time_zone, t.assumed_input_nanos,
         t.assumed_output_nanos, t.production_approvals, t.production_approver_role
    from tenants t where p_after is null or t.name > p_after order by t.name limit p_limit
$$;

-- How the runs of some tenants did since a moment, in numbers. p_first_id is lower than the id of any run of then.
create function door_measure_tenants(p_tenants uuid[], p_since timestamptz, p_first_id uuid)
returns table (
  tenant_id uuid, runs int, succeeded int, failed int, cost_nanos bigint, queued int, running int, waiting int,
  last_run_at timestamptz
)
language sql stable security definer set search_path = public, pg_temp as $$
  select wanted.id, since.runs, since.succeeded, since.failed, since.cost_nanos, active.queued, active.running,
         active.waiting, latest.created_at
    from unnest(p_tenants) wanted (id)
    cross join lateral (
      select count(*)::int as runs, count(*) filter (where r.status = 'succeeded')::int as succeeded,
             count(*) filter (where r.status = 'failed')::int as failed, coalesce(sum(r.cost_nanos), 0)::bigint as cost_nanos
        from agent_runs r
       where r.tenant_id = wanted.id and r.id >= p_first_id and r.created_at >= p_since and r.agent not like 'system:%'
    ) since
    cross join lateral (
      select count(*) filter (where r.status = 'queued')::int as queued,
             count(*) filter (where r.status = 'running')::int as running,
             count(*) filter (where r.status = 'waiting')::int as waiting
        from agent_runs r
       where r.tenant_id = wanted.id and r.status in ('queued', 'running', 'waiting') and r.agent not like 'system:%'
    ) active
    left join lateral (
      select r.created_at from agent_runs r
       where r.tenant_id = wanted.id and r.agent not like 'system:%' order by r.id desc limit 1
    ) latest on true
$$;

create function door_list_plans() returns setof plans
language sql stable security definer set search_path = public, pg_temp as $$
  select p.* from plans p order by p.name
$$;

-- p_limits has the other columns by their names. Without it, as from the release before, they stay what they are.
create function door_put_plan(
  p_name text, p_weight int, p_max_running_runs int, p_max_queued_runs int, p_limits jsonb default null
) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  insert into plans as p
    select given.* from jsonb_populate_record(null::plans, coalesce(p_limits, '{}') || jsonb_build_object('name', p_name,
      'weight', p_weight, 'max_running_runs', p_max_running_runs, 'max_queued_runs', p_max_queued_runs,
      'revision', 1, 'isolation', coalesce(p_limits ->> 'isolation', 'shared'))) given
  on conflict (name) do update set weight = excluded.weight, max_running_runs = excluded.max_running_runs,
    max_queued_runs = excluded.max_queued_runs, revision = p.revision + 1;
  update plans p set key_requests_per_second = given.key_requests_per_second, key_burst = given.key_burst,
      user_requests_per_second = given.user_requests_per_second, user_burst = given.user_burst,
      tenant_requests_per_second = given.tenant_requests_per_second, tenant_burst = given.tenant_burst,
      max_agents = given.max_agents, max_runs_per_month = given.max_runs_per_month, max_members = given.max_members,
      max_storage_bytes = given.max_storage_bytes, isolation = coalesce(given.isolation, p.isolation)
    from jsonb_populate_record(null::plans, p_limits) given
   where p_limits is not null and p.name = p_name
$$;

-- What a tenant's plan allows.
create function door_find_plan(p_tenant uuid) returns setof plans
language sql stable security definer set search_path = public, pg_temp as $$
  select p.* from tenants t join plans p on p.name = t.plan where t.id = p_tenant
$$;

-- What count_run goes by, and when the month began in the tenant's time zone. Called with every start of a run, so as one
-- row and with a plan that is kept.
create function door_run_quota(
  p_tenant uuid, out plan text, out revision int, out max_runs_per_month bigint, out month_start timestamptz,
  out max_storage_bytes bigint, out storage_bytes bigint
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  select p.name, p.revision, p.max_runs_per_month,
         case when p.max_runs_per_month is not null
           then date_trunc('month', now() at time zone t.time_zone) at time zone t.time_zone end,
         p.max_storage_bytes,
         case when p.max_storage_bytes is not null
           then (select m.bytes from storage_measures m where m.tenant_id = t.id) end
    into door_run_quota.plan, door_run_quota.revision, door_run_quota.max_runs_per_month, door_run_quota.month_start,
         door_run_quota.max_storage_bytes, door_run_quota.storage_bytes
    from tenants t join plans p on p.name = t.plan where t.id = p_tenant;
end $$;

-- Tenants whose plan limits their storage and whose measure is old enough.
create function door_due_storage(p_limit int) returns table (tenant_id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.id from tenants t join plans p on p.name = t.plan left join storage_measures m on m.tenant_id = t.id
   where p.max_storage_bytes is not null and (m.next_at is null or m.next_at <= now())
   order by m.next_at nulls first limit p_limit
$$;

-- How many runs a tenant may have in the queue and how many it has there, counted no further than that.
create function door_measure_queue(p_tenant uuid) returns table (max_queued_runs int, queued int)
language sql stable security definer set search_path = public, pg_temp set enable_seqscan = off as $$
  select p.max_queued_runs, counted.runs::int
    from tenants t join plans p on p.name = t.plan
    cross join lateral (
      select count(*) as runs from (
        select 1 from agent_runs r where r.tenant_id = t.id and r.status = 'queued' limit p.max_queued_runs
      ) queued
    ) counted
   where t.id = p_tenant
$$;

-- Takes up to p_limit runs for a worker, fairly. Between tenants: the one with the fewest running runs for its weight goes
-- first, then the one that was served longest ago; so one that has nothing running waits for others of its kind only.
-- Within a tenant: the highest priority, then the oldest. Cost grows with the tenants that have work, not with the backlog.
-- One claim at a time, so that the caps are exact. Of p_isolation are the plans whose tenants the worker serves; all when null.
--
-- A run whose lease ran out lost its worker, which is a failed attempt. When that was its last one, the claim only hands
-- it over to be ended (spent). Else it is a suspect from then on, until it gets ahead: one run may have killed the worker,
-- and the runs of a dead worker come back together, so the guilty one must not take the same neighbours along each time.
-- From the second death on a suspect is put off for a random while (cooling_off), for a second at least, or until its
-- deadline: what a claim put off must not be due again while its worker still claims. On its last attempt (last_chance) it is
-- put off while its worker would have another suspect beside it, though for half a minute at the most: p_with_suspect and
-- p_with_last_chance say what the worker is at already. What is put off is told, as it takes a place of the p_limit.
create function door_claim_runs(
  p_worker text, p_limit int, p_lease_ms int, p_with_suspect boolean, p_with_last_chance boolean,
  p_isolation text[] default null
)
returns table (
  tenant_id uuid, id uuid, agent text, version int, environment text, thread_id text, parent_run_id uuid,
  request_id text, message text, metadata jsonb, now_ms bigint, deadline_in_ms int, lease_token bigint,
  attempt int, failed_attempts int, spent boolean, last_seq int, cancel_requested_by text, program text, model text,
  fallback_models text[], prompts jsonb, tools text[], limits jsonb, approvals jsonb, allowed_hosts text[],
  suspect boolean, last_chance boolean, postponed boolean, team text
)
-- The plan is the same for every claim, and making it costs more than running it. As it was perhaps made when the tables
-- were small, it finds the rows that it has chosen by their place, which no index does better.
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
#variable_conflict use_column
declare
  due_tenants uuid[];
begin
  -- Jumps from tenant to tenant.
  with recursive active (tenant_id) as (
    (select r.tenant_id from agent_runs r where r.status in ('queued', 'running', 'waiting')
      order by r.tenant_id limit 1)
    union all
    select (select r.tenant_id from agent_runs r
             where r.status in ('queued', 'running', 'waiting') and r.tenant_id > a.tenant_id
             order by r.tenant_id limit 1)
      from active a where a.tenant_id is not null
  )
  select array_agg(distinct a.tenant_id) into due_tenants
    from active a
    cross join (values (0::smallint), (1::smallint), (2::smallint)) level (priority)
    cross join lateral (
      select from agent_runs r
       where r.tenant_id = a.tenant_id and r.priority = level.priority
         and r.status in ('queued', 'running', 'waiting') and r.available_at <= now()
       order by r.available_at limit 1
    ) due;
  if due_tenants is null then return; end if;
  perform pg_advisory_xact_lock(hashtextextended('freehold.claim', 0));
  return query
  with candidate_tenant as (
    select t.id as tenant_id, p.weight, t.last_claimed_at, running.count as running,
           least(p_limit, p.max_running_runs - running.count)::int as room
      from tenants t join plans p on p.name = t.plan
      cross join lateral (
        select count(*) from agent_runs r
         where r.tenant_id = t.id and r.status = 'running' and r.available_at > now()
      ) running
     where t.id = any (due_tenants) and t.status = 'active' and running.count < p.max_running_runs
       and (p_isolation is null or p.isolation = any (p_isolation))
  ), candidate as (
    select r.row_at, t.last_claimed_at,
           (t.running + row_number() over (partition by t.tenant_id order by r.priority desc, r.available_at, r.id) - 1)
             ::float / t.weight as share
      from candidate_tenant t
      cross join lateral (
        select q.row_at, q.id, q.priority, q.available_at
          from (values (2::smallint), (1::smallint), (0::smallint)) level (priority)
          cross join lateral (
            select d.ctid as row_at, d.id, d.priority, d.available_at from agent_runs d
             where d.tenant_id = t.tenant_id and d.priority = level.priority
               and d.status in ('queued', 'running', 'waiting') and d.available_at <= now()
             order by d.available_at limit t.room
          ) q
         order by q.priority desc, q.available_at limit t.room
      ) r
  ), chosen as materialized (
    select c.row_at, row_number() over (order by c.share, c.last_claimed_at nulls first) as place from candidate c
     order by place limit p_limit
  ), locked as materialized (
    select r.ctid as row_at, c.place, r.tenant_id, r.status = 'running' as crashed,
           r.failed_attempts + (r.status = 'running')::int as failed,
           r.worker_deaths + (r.status = 'running')::int as deaths,
           coalesce((t.limits ->> 'maxAttempts')::int, 5) as allowed,
           coalesce(r.put_off_at < now() - interval '30 seconds', false) as overdue,
           r.worker_deaths + (r.status = 'running')::int > 0 and r.deadline_at > now()
             and (select h.cancel_requested_by is null from run_heads h
                   where h.tenant_id = r.tenant_id and h.run_id = r.id) as may_kill
      from chosen c join agent_runs r on r.ctid = c.row_at
      join agent_templates t on t.tenant_id = r.tenant_id and t.id = r.template_id
     where r.status in ('queued', 'running', 'waiting') and r.available_at <= now()
       for no key update of r skip locked
  ), judged as (
    select l.*, l.crashed and l.failed >= l.allowed as spent,
           l.may_kill and l.failed < l.allowed as suspect,
           l.may_kill and l.failed < l.allowed and l.crashed and l.deaths > 1 as cooling_off,
           l.may_kill and l.failed = l.allowed - 1 and l.deaths > 1 as last_chance
      from locked l
  ), first_suspect as (
    select min(j.place) as place, coalesce((array_agg(j.last_chance order by j.place))[1], false) as last_chance
      from judged j where j.suspect and not j.cooling_off
  ), placed as (
    select j.*,
           case
             when not j.suspect then false
             when j.cooling_off then true
             when j.overdue then false
             when j.last_chance then p_with_suspect or j.place > f.place
             else p_with_last_chance or (f.last_chance and not p_with_suspect)
           end as postponed
      from judged j cross join first_suspect f
  ), served as (
    update tenants t set last_claimed_at = clock_timestamp()
     where t.id in (select p.tenant_id from placed p where not p.postponed) returning 1
  ), claimed as (
    update agent_runs r set
        status = case when l.postponed then 'queued' else 'running' end,
        worker = case when not l.postponed then p_worker end,
        failed_attempts = l.failed,
        worker_deaths = l.deaths,
        put_off_at = case when l.postponed and not l.cooling_off then coalesce(r.put_off_at, now()) end,
        attempt = r.attempt + (l.crashed and not l.spent)::int,
        available_at = case
          when l.cooling_off then least(r.deadline_at,
            now() + (1 + random() * (least(60, 2.5 * 2 ^ l.deaths) - 1)) * interval '1 second')
          when l.postponed then least(r.deadline_at, now() + (0.5 + random()) * interval '1 second')
          else now() + make_interval(secs => p_lease_ms / 1000.0) end,
        started_at = coalesce(r.started_at, now()),
        waits = null
      from placed l where r.ctid = l.row_at
    returning r.*, l.crashed, l.spent, l.postponed, l.suspect, l.last_chance
  ), head as (
    update run_heads h set lease_token = (abs(h.lease_token) + 1) * case when k.postponed then -1 else 1 end,
        last_seq = h.last_seq + case when k.spent then 0 else k.crashed::int + (not k.postponed)::int end
      from claimed k where h.tenant_id = k.tenant_id and h.run_id = k.id
    returning h.*
  ), journaled as (
    insert into run_events (tenant_id, run_id, seq, type, data)
      select k.tenant_id, k.id, h.last_seq - (not k.postponed)::int, 'attempt.failed', jsonb_build_object(
               'attempt', k.attempt - 1,
               'error', jsonb_build_object('code', 'worker_lost', 'message', 'The worker died while it ran this.'),
               'retryAt', to_char(case when k.postponed then k.available_at else now() end at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        from claimed k join head h on h.tenant_id = k.tenant_id and h.run_id = k.id where k.crashed and not k.spent
      union all
      select k.tenant_id, k.id, h.last_seq,
             case when h.last_seq = 2 then 'run.started' else 'run.resumed' end,
             jsonb_build_object('attempt', k.attempt, 'worker', p_worker)
        from claimed k join head h on h.tenant_id = k.tenant_id and h.run_id = k.id
       where not k.spent and not k.postponed
    returning 1
  )
  select k.tenant_id, k.id, k.agent, k.version, k.environment, k.thread_id, k.parent_run_id, k.request_id,
         k.message, k.metadata, (extract(epoch from clock_timestamp()) * 1000)::bigint,
         -- An installation that was off for months must still be able to end what is overdue.
         greatest(-1, least(extract(epoch from k.deadline_at - now()) * 1000, 2147483647))::int,
         h.lease_token, k.attempt, k.failed_attempts, k.spent, h.last_seq, h.cancel_requested_by, t.program, t.model,
         t.fallback_models, t.prompts, t.tools, t.limits, t.approvals, n.allowed_hosts, k.suspect, k.last_chance,
         k.postponed, k.team
    from claimed k
    join head h on h.tenant_id = k.tenant_id and h.run_id = k.id
    join agent_templates t on t.tenant_id = k.tenant_id and t.id = k.template_id
    join tenants n on n.id = k.tenant_id;
end $$;

-- Extends the leases of the runs that a worker is at, and tells it which of them are to be cancelled. A run that the
-- worker gave up, or never heard that it has claimed, is not among them, so its lease runs out. Ids grow with time, so
-- locking in their order locks a parent before its child.
create function door_renew_leases(p_worker text, p_lease_ms int, p_tenants uuid[], p_runs uuid[])
returns table (tenant_id uuid, id uuid, lease_token bigint, cancel_requested_by text)
language sql volatile security definer set search_path = public, pg_temp as $$
  with held as materialized (
    select r.tenant_id, r.id from unnest(p_tenants, p_runs) wanted (tenant_id, id)
      join agent_runs r on r.tenant_id = wanted.tenant_id and r.id = wanted.id
     where r.worker = p_worker and r.status = 'running'
     order by r.id for no key update of r
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

-- How far the audit chain of each tenant has come, by tenant, after one.
create function door_list_audit_heads(p_after uuid, p_limit int) returns table (tenant_id uuid, seq bigint, hash text)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, head.seq, head.hash
    from tenants t
    left join lateral (
      select e.seq, e.hash from audit_entries e where e.tenant_id = t.id order by e.seq desc limit 1
    ) head on true
   where (p_after is null or t.id > p_after) and t.deletion is null order by t.id limit p_limit
$$;

-- Removes the first entries of a tenant's audit chain, up to one, once the chain has an entry with the checkpoint for them.
-- Whether that is signed shows when the chain is verified.
create function door_prune_audit(p_tenant uuid, p_seq bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  removed bigint;
begin
  if not exists (
    select 1 from audit_entries e
     where e.tenant_id = p_tenant and e.seq > p_seq and e.action = 'audit.pruned'
       and (e.after -> 'checkpoint' ->> 'seq')::bigint = p_seq
  ) then
    raise exception 'no audit entry vouches for what is removed' using errcode = 'insufficient_privilege';
  end if;
  delete from audit_entries e where e.tenant_id = p_tenant and e.seq <= p_seq;
  get diagnostics removed = row_count;
  return removed;
end $$;

-- Erases some rows of a tenant whose deletion has begun, on whose ground the caller stands; of runs, those that delegated to
-- none that is left. Returns how many.
create function door_erase_rows(p_tenant uuid, p_table text, p_limit int) returns int
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  erased int;
begin
  if p_tenant is distinct from nullif(current_setting('app.tenant_id', true), '')::uuid
    or not exists (select from tenants t where t.id = p_tenant and t.deletion is not null) then
    raise exception 'the deletion of this tenant has not begun' using errcode = 'insufficient_privilege';
  end if;
  execute format('delete from %1$I r where r.%2$I = $1 and r.ctid = any (array(
      select c.ctid from %1$I c where c.%2$I = $1 %3$s limit $2))', p_table,
    case p_table when 'tenants' then 'id' else 'tenant_id' end,
    case p_table when 'agent_runs' then
      'and not exists (select from agent_runs d where d.tenant_id = c.tenant_id and d.parent_run_id = c.id)' end)
    using p_tenant, p_limit;
  get diagnostics erased = row_count;
  return erased;
end $$;

-- The releases with a canary that nobody has judged for p_every_ms, those that wait longest first.
create function door_find_canaries(p_every_ms int, p_limit int)
returns table (tenant_id uuid, agent text, environment text)
language sql stable security definer set search_path = public, pg_temp as $$
  select r.tenant_id, r.agent, r.environment from agent_releases r
   where r.canary_id is not null and r.canary_checked_at <= now() - p_every_ms * interval '1 millisecond'
   order by r.canary_checked_at limit p_limit
$$;

-- Who an issuer's subject is here. At the first sight of one a person is made of it, with the id p_id; one at a time, so
-- that of two first requests at once one person comes. What an issuer leaves out is kept as it was; '' is an address that
-- it does not vouch for, or no longer.
create function door_recognize_person(p_id uuid, p_issuer text, p_subject text, p_email text, p_name text)
returns table (id uuid, email text, name text, platform_role text, disabled boolean, memberships jsonb)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  person uuid;
  address constant text := nullif(p_email, '');
begin
  select i.person_id into person from person_identities i where i.issuer = p_issuer and i.subject = p_subject;
  if person is null then
    perform pg_advisory_xact_lock(hashtextextended('freehold.person:' || p_issuer || ' ' || p_subject, 0));
    select i.person_id into person from person_identities i where i.issuer = p_issuer and i.subject = p_subject;
  end if;
  if person is null then
    person := p_id;
    insert into people (id, email, name) values (person, address, p_name);
    insert into person_identities (issuer, subject, person_id) values (p_issuer, p_subject, person);
  end if;
  update people p set email = case when p_email is null then p.email else address end, name = coalesce(p_name, p.name)
   where p.id = person and (p.email, p.name) is distinct from
     (case when p_email is null then p.email else address end, coalesce(p_name, p.name));
  return query
    select p.id, p.email, p.name, p.platform_role, p.disabled_at is not null, door_read_memberships(p.id)
      from people p where p.id = person;
end $$;

create function door_create_service_account(p_id uuid, p_name text) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  insert into people (id, name, kind) values (p_id, p_name, 'service')
$$;

create function door_find_tenants(p_names text[]) returns table (id uuid, name text)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.id, t.name from tenants t where t.name = any (p_names)
$$;

create function door_set_platform_role(p_person uuid, p_role text) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  update people set platform_role = p_role where id = p_person
$$;

-- The invitation that a token accepts, for the person with its address only: the token may have been passed on.
create function door_find_invitation(p_token_hash bytea, p_person uuid) returns table (tenant_id uuid, id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select i.tenant_id, i.id from invitations i join people p on p.email = i.email
   where i.token_hash = p_token_hash and p.id = p_person
$$;

-- What an invitation is for, for whoever has its token: nobody has signed in yet. By the name of the person who sent it.
create function door_read_invitation(p_token_hash bytea)
returns table (
  tenant_id uuid, tenant_name text, email text, roles text[], teams jsonb, invited_by text, accepted_at timestamptz,
  revoked_at timestamptz, expires_at timestamptz
)
language sql stable security definer set search_path = public, pg_temp as $$
  select i.tenant_id, t.name, i.email, i.roles, coalesce(joined.teams, '[]'), p.name, i.accepted_at, i.revoked_at,
         i.expires_at
    from invitations i
    join tenants t on t.id = i.tenant_id and t.status = 'active'
    left join people p on i.invited_by = 'person:' || p.id
    cross join lateral (
      select jsonb_agg(jsonb_build_object('name', w.name, 'roles', given.team -> 'roles') order by w.name) as teams
        from jsonb_array_elements(i.teams) as given(team)
        join teams w on w.tenant_id = i.tenant_id and w.id::text = given.team ->> 'id'
    ) joined
   where i.token_hash = p_token_hash
$$;

-- Whether anybody waits for the one with this address.
create function door_is_invited(p_email text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select from invitations i
     where i.email = p_email and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
  )
$$;

-- How the tenant looks that has a host, for anybody who asks. A logo comes as its hash.
create function door_find_branding(p_host text)
returns table (
  name text, primary_color text, background_color text, text_color text, support_address text, logo_hash text
)
language sql stable security definer set search_path = public, pg_temp as $$
  select b.name, b.primary_color, b.background_color, b.text_color, b.support_address, l.hash
    from custom_hosts h
    join tenants t on t.id = h.tenant_id and t.status = 'active'
    left join brandings b on b.tenant_id = h.tenant_id
    left join logos l on l.tenant_id = h.tenant_id
   where h.host = p_host and h.verified_at is not null
$$;

-- The logo with this hash, whichever tenants have it.
create function door_find_logo(p_hash text) returns table (content_type text, bytes bytea)
language sql stable security definer set search_path = public, pg_temp as $$
  select l.content_type, l.bytes from logos l where l.hash = p_hash limit 1
$$;

-- Who has a host, and by what they proved that it is theirs.
create function door_find_host(p_host text) returns table (tenant_id uuid, token text)
language sql stable security definer set search_path = public, pg_temp as $$
  select h.tenant_id, h.token from custom_hosts h where h.host = p_host and h.verified_at is not null
$$;

-- Tenants whose hosts are to be looked for in DNS again.
create function door_due_hosts(p_limit int) returns table (tenant_id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select h.tenant_id from custom_hosts h
   where h.verified_at is not null and h.next_check_at <= now() order by h.next_check_at limit p_limit
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
