-- breaking: older workers claim and renew by functions that are gone.
-- Plans: what a tenant may take of the installation. One for many tenants, and none of theirs: reached through doors.sql.
create table plans (
  name text primary key,
  -- Share of the worker slots when tenants compete.
  weight int not null check (weight > 0),
  max_running_runs int not null check (max_running_runs > 0),
  max_queued_runs int not null check (max_queued_runs > 0)
);
alter table plans enable row level security;
alter table plans force row level security;
create policy doors on plans to freehold_doors using (true) with check (true);
grant select, insert, update on plans to freehold_doors;

-- The owner is bound by the policies, too, and has none of its own.
alter table plans no force row level security;
insert into plans (name, weight, max_running_runs, max_queued_runs) values ('standard', 1, 100, 10000);
alter table plans force row level security;

alter table tenants
  add column plan text not null default 'standard' references plans (name),
  drop column weight,
  drop column max_running_runs;

-- What counts is every attempt that failed since the run last got ahead, whatever the reason. The column keeps its
-- meaning for the functions that reset it.
alter table agent_runs rename column crashes to failed_attempts;
do $$
declare
  body text;
begin
  for body in
    select pg_get_functiondef(p.oid) from pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.proowner = current_user::regrole and p.prosrc ~ '\mcrashes\M'
  loop
    execute regexp_replace(body, '\mcrashes\M', 'failed_attempts', 'g');
  end loop;
end $$;

-- Whether the run failed by using up its attempts.
alter table agent_runs add column dead boolean not null default false;
create index agent_runs_dead on agent_runs (tenant_id, id) where dead;

-- A claim reads the head of a short range for each tenant and priority, however many runs stand behind it.
--
-- A plan that was made while the table was small outlives that, until statistics are gathered anew. To such a plan all
-- indexes look alike, and the newest one that could serve is taken. So the order below is that of the specific ones
-- last, and no index that is not partial begins with the tenant but the primary key: found by another one, each lookup of
-- one run, and each check of a foreign key, would read all runs of its tenant.
drop index agent_runs_claimable, agent_runs_due, agent_runs_running, agent_runs_leased, agent_runs_by_thread;
create index agent_runs_claimable on agent_runs (tenant_id, priority, available_at)
  where status in ('queued', 'running', 'waiting');
create index agent_runs_running on agent_runs (tenant_id, available_at) where status = 'running';
create index agent_runs_queued on agent_runs (tenant_id) where status = 'queued';
create index agent_runs_by_thread on agent_runs (thread_id);

-- Most runs have neither a parent nor a key of the client, and need not be in these.
alter table agent_runs drop constraint agent_runs_tenant_id_client_key_key;
create unique index agent_runs_by_client_key on agent_runs (tenant_id, client_key) where client_key is not null;
alter table agent_runs drop constraint agent_runs_tenant_id_parent_run_id_parent_step_key;
drop index agent_runs_by_parent;
create unique index agent_runs_by_parent on agent_runs (tenant_id, parent_run_id, parent_step)
  where parent_run_id is not null;

-- An attempt failed. With a time to try again the run is queued until then. Without one it has used up its attempts: it
-- ends as failed, and is dead.
create function fail_attempt(
  p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb, p_error jsonb, p_has_parent boolean,
  p_retry_at timestamptz
) returns table (seq int)
language plpgsql set search_path = public, pg_temp as $$
declare
  appended record;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  if p_retry_at is null then
    return query
    select f.seq from finish_run(p_tenant, p_run, p_token, p_after, 'failed', 'null', p_error, p_events, '[]',
      p_has_parent) f;
    if not found then return; end if;
    update agent_runs r set dead = true where r.tenant_id = p_tenant and r.id = p_run and r.status = 'failed';
    return;
  end if;
  select * into appended from append_metered_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go => true);
  if not found then return; end if;
  return query select appended.seq;
  if not appended.applied then return; end if;
  update agent_runs r set status = 'queued', worker = null, attempt = r.attempt + 1,
      failed_attempts = r.failed_attempts + 1,
      available_at = case when appended.cancel_requested_by is null then p_retry_at else now() end
   where r.tenant_id = p_tenant and r.id = p_run;
end $$;

create or replace function requeue(p_tenant uuid, p_run uuid, p_by text) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  update agent_runs r set status = 'queued', available_at = now(), error = null, finished_at = null,
      failed_attempts = 0, dead = false, attempt = r.attempt + 1,
      deadline_at = now() + make_interval(secs => r.deadline_ms / 1000.0)
   where r.tenant_id = p_tenant and r.id = p_run;
  update run_heads h set cancel_requested_by = null where h.tenant_id = p_tenant and h.run_id = p_run;
  perform append_unheld(p_tenant, p_run, 'run.redriven', jsonb_build_object('by', p_by));
end $$;

-- Redrives the oldest dead runs that match, p_limit at the most, and tells how many more there are. Ids grow with time, so
-- their order locks a parent before its child.
create function redrive_dead_runs(
  p_tenant uuid, p_by text, p_agent text, p_code text, p_from timestamptz, p_to timestamptz, p_limit int
) returns table (redriven uuid[], remaining bigint)
language plpgsql set search_path = public, pg_temp as $$
declare
  run_id uuid;
  done uuid[] := '{}';
begin
  for run_id in
    select r.id from agent_runs r
     where r.tenant_id = p_tenant and r.dead
       and (p_agent is null or r.agent = p_agent) and (p_code is null or r.error ->> 'code' = p_code)
       and (p_from is null or r.finished_at >= p_from) and (p_to is null or r.finished_at < p_to)
     order by r.id limit p_limit for update
  loop
    -- It was dead when it was found, and may have been redriven while this waited for its lock.
    if redrive_run(p_tenant, run_id, p_by) = 'ok' then done := done || run_id; end if;
  end loop;
  return query
  select done, count(*) from agent_runs r
   where r.tenant_id = p_tenant and r.dead
     and (p_agent is null or r.agent = p_agent) and (p_code is null or r.error ->> 'code' = p_code)
     and (p_from is null or r.finished_at >= p_from) and (p_to is null or r.finished_at < p_to);
end $$;
