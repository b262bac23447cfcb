-- Starts runs of an agent: at every tick of a cron expression, or once at a point in time.
create table schedules (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  agent text not null,
  environment text not null check (environment in ('development', 'staging', 'production')),
  message text not null,
  metadata jsonb not null,
  on_behalf_of text,
  priority smallint not null check (priority between 0 and 2),
  cron text,
  at timestamptz(3),
  time_zone text not null,
  overlap text not null check (overlap in ('allow', 'skip', 'cancel_previous')),
  catch_up text not null check (catch_up in ('none', 'latest', 'all')),
  status text not null default 'active' check (status in ('active', 'paused', 'done', 'deleted')),
  -- The first tick that has not been dealt with. To the millisecond, since it goes through JavaScript and back.
  next_at timestamptz(3),
  last_tick_at timestamptz(3),
  last_run_id uuid,
  -- Why the last tick started no run; null when it did.
  last_problem text,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, last_run_id) references agent_runs (tenant_id, id),
  check ((cron is null) <> (at is null)),
  check ((status = 'active') = (next_at is not null))
);

create unique index schedules_by_name on schedules (tenant_id, name) where status <> 'deleted';
create index schedules_due on schedules (next_at) where status = 'active';
-- Which runs of a schedule are under way. Holds no other runs, so that these pay nothing for it.
create index agent_runs_by_schedule on agent_runs (tenant_id, started_by)
  where started_by like 'schedule:%' and status in ('queued', 'running', 'waiting');

alter table schedules enable row level security;
alter table schedules force row level security;
create policy tenant_isolation on schedules to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy doors on schedules to freehold_doors using (true) with check (true);
grant select, insert, update on schedules to freehold_app;
grant select on schedules to freehold_doors;

-- The run of a schedule has a thread of its own. Without a tick it was asked for by hand. Who made the schedule, or
-- asked, is its principal: approvals and budgets count it as theirs.
create function start_scheduled_run(
  p_schedule schedules, p_run uuid, p_tick timestamptz, p_principal text, p_request_id text
) returns table (outcome text, run_id uuid)
language plpgsql set search_path = public, pg_temp as $$
declare
  origin text := 'schedule:' || p_schedule.id;
  started record;
  tick text := to_char(p_tick at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
begin
  select s.outcome, s.run_id into started from start_run(
    p_tenant => p_schedule.tenant_id, p_run => p_run, p_agent => p_schedule.agent,
    p_environment => p_schedule.environment, p_thread => p_run::text, p_message => p_schedule.message,
    p_metadata => p_schedule.metadata || jsonb_strip_nulls(
      jsonb_build_object('scheduleId', p_schedule.id, 'scheduledFor', tick)),
    p_deadline_ms => null, p_started_by => origin, p_request_id => coalesce(p_request_id, origin),
    p_client_key => origin || ':' || tick, p_user => p_schedule.on_behalf_of, p_priority => p_schedule.priority
  ) s;
  if started.outcome = 'created' then
    update agent_runs r set principal = p_principal where r.tenant_id = p_schedule.tenant_id and r.id = started.run_id;
  end if;
  return query select started.outcome, started.run_id;
end $$;

-- Deals with the ticks that are due, oldest first, and moves the schedule on to its next one, in one commit. Any number
-- of workers may try: the schedule is moved on from p_expected only, so a tick starts one run whatever dies. Answers
-- what became of each tick, and which runs were cancelled for it.
create function fire_schedule(
  p_tenant uuid, p_schedule uuid, p_expected timestamptz, p_ticks timestamptz[], p_runs uuid[], p_next timestamptz
) returns table (outcome text, run_id uuid)
language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  schedule schedules;
  started record;
  previous uuid[];
  problem text := 'missed';
  latest uuid;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  -- Whoever holds it is firing or changing it just now.
  select * into schedule from schedules s
   where s.tenant_id = p_tenant and s.id = p_schedule and s.status = 'active' and s.next_at = p_expected
     for no key update skip locked;
  if not found then return; end if;
  latest := schedule.last_run_id;
  -- A firing that failed moves the schedule past its tick; the tick is then not merely missed.
  if schedule.last_problem = 'failed' then problem := 'failed'; end if;
  for i in 1 .. coalesce(array_length(p_ticks, 1), 0) loop
    select array_agg(r.id order by r.id) into previous from agent_runs r
     where r.tenant_id = p_tenant and r.started_by = 'schedule:' || p_schedule and r.started_by like 'schedule:%'
       and r.status in ('queued', 'running', 'waiting');
    if previous is not null and schedule.overlap = 'skip' then
      problem := 'overlap';
      return query select problem, null::uuid;
      continue;
    end if;
    select * into started from start_scheduled_run(schedule, p_runs[i], p_ticks[i], schedule.created_by, null);
    return query select started.outcome, started.run_id;
    if started.run_id is null then
      problem := started.outcome;
      continue;
    end if;
    problem := null;
    latest := started.run_id;
    if previous is not null and schedule.overlap = 'cancel_previous' then
      perform cancel_run(p_tenant, p.id, 'schedule:' || p_schedule) from unnest(previous) p (id);
      return query select 'cancelled', p.id from unnest(previous) p (id);
    end if;
  end loop;
  update schedules s set
      next_at = p_next,
      status = case when p_next is null then 'done' else s.status end,
      last_tick_at = coalesce(p_ticks[array_length(p_ticks, 1)], p_expected),
      last_run_id = latest,
      last_problem = problem
   where s.tenant_id = p_tenant and s.id = p_schedule;
end $$;

-- Starts a run now, whatever else is under way. p_by asked for it.
create function trigger_schedule(p_tenant uuid, p_schedule uuid, p_run uuid, p_by text, p_request_id text)
returns table (outcome text, run_id uuid, agent text, environment text)
language plpgsql set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  schedule schedules;
  started record;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select * into schedule from schedules s
   where s.tenant_id = p_tenant and s.id = p_schedule and s.status <> 'deleted' for no key update;
  if not found then return; end if;
  select * into started from start_scheduled_run(schedule, p_run, null, p_by, p_request_id);
  if started.run_id is not null then
    update schedules s set last_run_id = started.run_id where s.tenant_id = p_tenant and s.id = p_schedule;
  end if;
  return query select started.outcome, started.run_id, schedule.agent, schedule.environment;
end $$;
